using Lakehouse.Engine;
using Lakehouse.Formats;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class PipelineTests
{
    private readonly PipelineBench _bench = new();
    private readonly TopicPartition _p0 = new("trips", 0);
    private readonly TopicPartition _p1 = new("trips", 1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Table_holds_every_record_of_the_log_once()
    {
        _bench.Log.CreateTopic("trips", 3);
        _bench.Produce(_p0, 5000);
        _bench.Produce(_p1, 700);

        await _bench.RunAsync(PipelineBench.Trips, Cancellation);

        Assert.Equal(_bench.Expected(3), await _bench.OriginsAsync("lake/trips"));
        TableSnapshot snapshot = await _bench.SnapshotAsync("lake/trips");
        Assert.Equal(
            ["dt=2025-11-19", "dt=2025-11-20", "dt=2025-11-21"], snapshot.FileSlices.Select(s => s.PartitionPath).Distinct().Order());
    }

    [Fact]
    public async Task Nested_columns_go_through_steps_and_partitions_into_the_table()
    {
        const string Nested = """
            pipeline: trips
            source: { kafka: { bootstrap_servers: "log:1", topics: [trips], group: lake } }
            schema:
              - { name: id, type: long, required: true }
              - { name: stops, type: list, items: { type: struct, fields: [{ name: city, type: string }, { name: fares, type: map, values: double }] } }
            steps:
              - filter: "stops IS NOT NULL AND id <> 3"
              - derive: { part: "id % 2" }
            table: { path: lake/trips, partition_by: [part] }
            dead_letters: { path: lake/dead }
            checkpoint: { interval: 100ms }
            """;
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, """{"id":1,"stops":[{"city":"oslo","fares":{"a":1.5,"b":null}},null]}""");
        _bench.Produce(_p0, """{"id":2,"stops":[]}""");
        _bench.Produce(_p0, """{"id":3,"stops":[null]}""");
        _bench.Produce(_p0, """{"id":4}""");
        _bench.Produce(_p0, """{"id":5,"stops":[{"city":5}]}""");
        _bench.Produce(_p0, """{"id":6,"stops":[{"fares":{}}]}""");

        await _bench.RunAsync(Nested, Cancellation);

        Assert.Equal(
            ["1 [{x6f736c6f,<x61=d3ff8000000000000,x62=N>},N]", "2 []", "6 [{N,<>}]"],
            (await _bench.ValuesAsync("lake/trips", "id", "stops")).Order());
        TableSnapshot dead = await _bench.SnapshotAsync("lake/dead");
        Assert.Equal(1, Assert.Single(dead.FileSlices).RowCount);
    }

    [Fact]
    public async Task Restart_goes_on_where_the_table_ends()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(_p0, 300);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        _bench.Produce(_p0, 200);
        _bench.Produce(_p1, 100);

        JobProgress second = await _bench.RunAsync(PipelineBench.Trips, Cancellation);

        Assert.Equal(300, second.RecordsRead);
        Assert.Equal(_bench.Expected(2), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Run_with_nothing_new_commits_nothing()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 10);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        string? before = (await _bench.SnapshotAsync("lake/trips")).Instant;

        await _bench.RunAsync(PipelineBench.Trips, Cancellation);

        Assert.Equal(before, (await _bench.SnapshotAsync("lake/trips")).Instant);
    }

    [Fact]
    public async Task Every_commit_accounts_for_every_record()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 100);
        _bench.Produce(_p0, "{\"id\":\"x\",\"fare\":\"much\"}");
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);

        Ledger ledger = await _bench.LedgerAsync("lake/trips");

        LedgerEntry entry = Assert.Single(ledger.Entries).Value;
        Assert.Equal(101, entry.EndOffset);
        Assert.Equal(90, (await _bench.OriginsAsync("lake/trips")).Count);
        Assert.Single(await _bench.OriginsAsync("lake/dead"));
    }

    [Fact]
    public async Task Bad_records_go_to_the_dead_letters_with_their_place_reason_and_bytes()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 3);
        _bench.Produce(_p0, "{\"id\":");
        _bench.Produce(_p0, (string?)null);
        _bench.Produce(_p0, "{\"fare\":1}");
        _bench.Produce(_p0, 2);

        await _bench.RunAsync(PipelineBench.Trips, Cancellation);

        Assert.Equal([(0, 3L), (0, 4L), (0, 5L)], await _bench.OriginsAsync("lake/dead"));
        Assert.Equal(["MalformedJson", "Tombstone", "MissingRequiredField"], await _bench.TextsAsync("lake/dead", "kind"));
        Assert.Equal(["{\"id\":", "(null)", "{\"fare\":1}"], await _bench.TextsAsync("lake/dead", "kafka_value"));
        Assert.Equal(_bench.Expected(1), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Bad_record_stops_a_pipeline_without_dead_letters_and_names_its_place()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 3);
        _bench.Produce(_p0, (string?)null);
        string yaml = PipelineBench.Trips.Replace("dead_letters: { path: lake/dead }\n", "", StringComparison.Ordinal);

        var error = await Assert.ThrowsAsync<BadRecordException>(() => _bench.RunAsync(yaml, Cancellation));

        Assert.Equal((_p0, 3L, DecodeErrorKind.Tombstone), (error.Partition, error.Offset, error.Error.Kind));
        Assert.Contains("trips-0 offset 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aborted_transactions_and_compacted_records_leave_no_rows_and_do_not_hold_up_the_end()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 50);
        _bench.Log.BeginTransaction(_p0);
        _bench.Produce(_p0, 20);
        _bench.Log.EndTransaction(_p0, commit: false);
        _bench.Log.Compact(_p0, r => r.Offset % 7 != 0);
        _bench.Log.AppendHole(_p0, 3);

        await _bench.RunAsync(PipelineBench.Trips, Cancellation);

        Assert.Equal(_bench.Expected(1), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Latest_is_resolved_once()
    {
        string yaml = PipelineBench.Trips.Replace("group: lake", "group: lake, start: latest", StringComparison.Ordinal);
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 10);
        await _bench.RunAsync(yaml, Cancellation);
        Assert.Equal(10, Assert.Single((await _bench.LedgerAsync("lake/trips")).Entries).Value.EndOffset);
        _bench.Produce(_p0, 9);

        await _bench.RunAsync(yaml, Cancellation);

        Assert.Equal(Enumerable.Range(10, 9).Select(o => (0, (long)o)), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Expired_offsets_stop_the_pipeline_or_are_skipped_by_choice_and_said()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 9);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        _bench.Produce(_p0, 40);
        _bench.Log.TrimTo(_p0, 20);

        var error = await Assert.ThrowsAsync<DataLossException>(() => _bench.RunAsync(PipelineBench.Trips, Cancellation));
        Assert.Contains("lost 11 offsets", Assert.Single(error.Losses), StringComparison.Ordinal);
        Assert.Contains("on_data_loss: earliest", error.Message, StringComparison.Ordinal);

        await _bench.RunAsync(GoOn, Cancellation);
        List<(int Partition, long Offset)> expected = _bench.Expected(1);
        expected.InsertRange(0, Enumerable.Range(0, 9).Select(o => (0, (long)o)));
        Assert.Equal(expected, await _bench.OriginsAsync("lake/trips"));
        Assert.Equal(49, Assert.Single((await _bench.LedgerAsync("lake/trips")).Entries).Value.EndOffset);
    }

    [Fact]
    public async Task Recreated_topic_stops_the_pipeline_or_is_read_anew_by_choice()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 9);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        _bench.Log.RecreateTopic("trips", 1);
        _bench.Produce(_p0, 30);

        var error = await Assert.ThrowsAsync<DataLossException>(() => _bench.RunAsync(PipelineBench.Trips, Cancellation));
        Assert.Contains("recreated topic", Assert.Single(error.Losses), StringComparison.Ordinal);

        await _bench.RunAsync(GoOn, Cancellation);
        Assert.Equal(9 + 27, (await _bench.OriginsAsync("lake/trips")).Count);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        Assert.Equal(9 + 27, (await _bench.OriginsAsync("lake/trips")).Count);
    }

    [Fact]
    public async Task Partition_added_later_is_read_from_its_beginning()
    {
        string yaml = PipelineBench.Trips.Replace("group: lake", "group: lake, start: latest", StringComparison.Ordinal);
        _bench.Log.CreateTopic("trips", 1);
        await _bench.RunAsync(yaml, Cancellation);
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(_p1, 5);

        await _bench.RunAsync(yaml, Cancellation);

        Assert.Equal(Enumerable.Range(0, 5).Select(o => (1, (long)o)), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Stopped_pipeline_commits_what_is_in_flight()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(_p0, 2000);
        Pipeline pipeline = await Pipeline.BuildAsync(
            PipelineBench.Parse(PipelineBench.Trips.Replace("100ms", "1h", StringComparison.Ordinal)), _bench.World(), Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task run = pipeline.Job.RunAsync(RunMode.Continuous, stop.Token);
        while (pipeline.Job.Progress.RecordsRead < 2000)
        {
            Assert.False(run.IsCompleted, "The pipeline ended before it had read the log.");
            await Task.Delay(10, Cancellation);
        }

        await stop.CancelAsync();
        await run;

        Assert.Equal(_bench.Expected(2), await _bench.OriginsAsync("lake/trips"));
        Assert.Equal(2000, _bench.Log.MirroredOffsets("lake")[_p0]);
    }

    [Fact]
    public async Task Large_input_is_spread_over_files_of_the_size_asked_for()
    {
        string yaml = PipelineBench.Trips
            .Replace("kafka_columns", "max_file_size: 64KiB, kafka_columns", StringComparison.Ordinal)
            .Replace("100ms", "1h", StringComparison.Ordinal);
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 60_000);

        await _bench.RunAsync(yaml, Cancellation);

        Assert.True((await _bench.SnapshotAsync("lake/trips")).FileSlices.Length > 3);
        Assert.Equal(_bench.Expected(1), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Files_are_written_as_the_table_asks()
    {
        string yaml = PipelineBench.Trips.Replace(
            "kafka_columns",
            "parquet: { compression: gzip, level: 1, encodings: [delta], page_version: 2, bloom_filters: [id] }, kafka_columns",
            StringComparison.Ordinal);
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 3_000);

        await _bench.RunAsync(yaml, Cancellation);

        FileSlice[] files = [.. (await _bench.SnapshotAsync("lake/trips")).FileSlices];
        Assert.NotEmpty(files);
        foreach (FileSlice file in files)
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(_bench.Store("lake/trips"), file.Path, Cancellation);
            Dictionary<string, ColumnMetaData> chunks = reader.MetaData.RowGroups[0].Columns.ToDictionary(c => c.MetaData.PathInSchema[0], c => c.MetaData);
            Assert.Equal(CompressionCodec.Gzip, chunks["id"].Codec);
            Assert.NotNull(chunks["id"].BloomFilterOffset);
            Assert.Equal(PageType.DataPageV2, chunks["id"].EncodingStats[^1].PageType);
            Assert.Contains(ParquetEncoding.DeltaBinaryPacked, chunks["kafka_offset"].Encodings);
        }

        Assert.Equal(_bench.Expected(1), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Committed_files_leave_nothing_staged()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 100);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);

        var staging = new ObjectPath(".hoodie/.temp");
        await foreach (ObjectStat left in _bench.Store("lake/trips").ListAsync(staging, recursive: true, after: null, Cancellation))
        {
            Assert.Fail($"{left.Path} was left behind.");
        }
    }

    private static string GoOn =>
        PipelineBench.Trips.Replace("group: lake", "group: lake, on_data_loss: earliest", StringComparison.Ordinal);
}
