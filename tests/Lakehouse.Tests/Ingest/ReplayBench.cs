using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Parquet;
using Lakehouse.Service;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Ingest;

/// <summary>
/// A pipeline that takes long records for bad, its two tables, and replays with the pipeline that does not. Stores can be copied, so that
/// many runs begin from one state.
/// </summary>
internal sealed class ReplayBench
{
    internal const string Table = "lake/trips";
    internal const string Letters = "lake/dead";
    internal static readonly string Strict = PipelineBench.Trips.Replace(
        "schema:", "format: { json: { max_record_size: 1KiB } }\nschema:", StringComparison.Ordinal);

    internal static readonly string Corrected = PipelineBench.Trips;

    /// <summary>Of the long records with a fare of 0, 1, 3, 4, 6, 7 and 9 the last three go to one table, the two before to another.</summary>
    internal static readonly (string Yaml, ImmutableArray<string> Locations) TwoRoutes = ("""

        routes:
          - { where: "fare >= 3 AND fare < 5", table: { path: lake/fair, partition_by: [dt] } }
          - { where: "fare >= 5", table: { path: lake/dear } }
        """, ["lake/fair", "lake/dear"]);

    private int _replays;

    /// <summary>What is added to the pipelines, and where its routes lead to.</summary>
    internal (string Yaml, ImmutableArray<string> Locations) Routes { get; init; } = ("", []);

    internal PipelineBench Pipelines { get; private init; } = new();

    /// <summary>Where all tables are: the first, those of routes, the dead letters.</summary>
    internal IEnumerable<string> Locations => [Table, .. Routes.Locations, Letters];

    /// <summary>Two partitions with good records, long ones of which one in three is dropped by the filter, and broken ones.</summary>
    internal static async Task<ReplayBench> MakeAsync(int rounds = 1, (string Yaml, ImmutableArray<string> Locations)? routes = null)
    {
        var bench = new ReplayBench { Routes = routes ?? ("", []) };
        bench.Pipelines.Log.CreateTopic("trips", 2);
        for (int round = 0; round < rounds; round++)
        {
            await bench.IngestAsync(10);
        }

        return bench;
    }

    /// <summary>Produces so many of each kind into each partition and lets the strict pipeline take them.</summary>
    internal async Task IngestAsync(int count)
    {
        for (int partition = 0; partition < 2; partition++)
        {
            var to = new TopicPartition("trips", partition);
            Pipelines.Produce(to, count);
            for (int i = 0; i < count; i++)
            {
                Pipelines.Produce(to, Long(i));
                Pipelines.Produce(to, i % 2 == 0 ? "{\"id\":" : null);
            }
        }

        await RunAsync();
    }

    /// <summary>Lets the strict pipeline take what is in the log.</summary>
    internal Task RunAsync() => Pipelines.RunAsync(Strict + Routes.Yaml, Stop);

    /// <summary>A record that the strict pipeline refuses for its length.</summary>
    internal static string Long(int i) => string.Create(CultureInfo.InvariantCulture,
        $"{{\"id\":\"long-{i}\",\"at\":{1_763_510_400_000 + (i % 3 * 86_400_000L)},\"fare\":{(i % 3 == 2 ? -1 : i)},\"more\":\"{new string('x', 1500)}\"}}");

    /// <summary>The same tables in stores of their own; the log is the same one.</summary>
    internal async Task<ReplayBench> CopyAsync()
    {
        var copy = new ReplayBench { Pipelines = new PipelineBench { Log = Pipelines.Log }, Routes = Routes };
        foreach (string location in Locations)
        {
            IObjectStore from = Pipelines.Store(location);
            await foreach (ObjectStat file in from.ListAsync(default, recursive: true, Stop))
            {
                await copy.Pipelines.Store(location).PutAsync(file.Path, (await from.GetAsync(file.Path, Stop))!, Stop);
            }
        }

        return copy;
    }

    /// <summary>Appends what another bench's log holds.</summary>
    internal Task CopyLogAsync(ReplayBench from)
    {
        Pipelines.Log.CreateTopic("trips", 2);
        for (int p = 0; p < 2; p++)
        {
            var partition = new TopicPartition("trips", p);
            foreach (SimulatedRecord record in from.Pipelines.Log.Records(partition))
            {
                Pipelines.Log.Append(partition, record.Key, record.Value, record.TimestampMillis);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>A replay as a process of its own, seen through the given store of the primary.</summary>
    internal async Task<FollowerReplay> ReplayerAsync(ProcessStore? process = null, TimeSpan? claimDeadline = null)
    {
        ProcessStore store = process ?? new ProcessStore(Pipelines.Store(Table));
        HudiTable table = (await OpenAsync(Table)).Through(store);
        var options = new CommitterOptions
        {
            ClaimDeadline = claimDeadline ?? TimeSpan.Zero,
            PollInterval = TimeSpan.FromMilliseconds(1),
            OpenFollower = async (location, _) => (await OpenAsync(location)).Through(SameProcess(store, location)),
        };
        return new FollowerReplay(table, Letters, Routes.Locations, options, TimeProvider.System, new Random(Interlocked.Increment(ref _replays)));
    }

    internal async Task<ReplayResult> ReplayAsync(FollowerReplay replayer, string where = "true", string? yaml = null) =>
        await replayer.RunAsync(await WhereAsync(where), await BeginAsync(yaml), Stop);

    internal async Task<ReplayResult> ReplayAsync(string where = "true", string? yaml = null) =>
        await ReplayAsync(await ReplayerAsync(), where, yaml);

    internal async Task<WhereCondition> WhereAsync(string where) => new(where, await OpenAsync(Letters));

    /// <summary>What each try of a replay begins with.</summary>
    internal async Task<Func<ReplayStart, IRowReplay>> BeginAsync(string? yaml = null, Action<DeadLetterReplay>? began = null)
    {
        HudiTable table = await OpenAsync(Table);
        HudiTable[] routes = await Task.WhenAll(Routes.Locations.Select(OpenAsync));
        PipelineDefinition pipeline = PipelineBench.Parse(yaml ?? (Corrected + Routes.Yaml));
        return start =>
        {
            var replay = new DeadLetterReplay(pipeline, table, [.. routes], start, static _ => { });
            began?.Invoke(replay);
            return replay;
        };
    }

    internal async Task<TableUpkeep> UpkeepAsync(string location = Table) => new(
        await OpenAsync(location),
        new CommitterOptions { ClaimDeadline = TimeSpan.Zero, OpenFollower = (follower, _) => OpenAsync(follower) },
        TimeProvider.System,
        new Random(99));

    internal async Task<HudiTable> OpenAsync(string location) =>
        await Pipelines.OpenAsync(location) ?? throw new InvalidOperationException($"There is no table at {location}.");

    internal async Task<string[]> InstantsAsync(string location) => [.. await (await OpenAsync(location)).CompletedInstantsAsync(Stop)];

    /// <summary>Verifies both tables, with the coordinates of all rows and every value.</summary>
    internal async Task<TableCheck> CheckAsync(InstantRange? range = null) => await TableCheck.RunAsync(
        await OpenAsync(Table),
        range ?? InstantRange.Whole,
        new TableCheckScope((location, _) => Pipelines.OpenAsync(location), new OffsetCoverage(), Offsets: true, IsDeep: true),
        Stop);

    /// <summary>Fails unless all tables are proven; returns the rows, those of routes too, and the dead letters.</summary>
    internal async Task<(long Rows, long DeadLetters)> ProveAsync(InstantRange? range = null)
    {
        TableCheck check = await CheckAsync(range);
        Assert.Empty(check.Report.Findings);
        Assert.All(check.Followers, static f => Assert.Empty(f.Report.Findings));
        var dead = check.Followers.ToLookup(static f => f.Table.Config.Schema.Equals(PipelineSchemas.DeadLetters), static f => f.Report.RowCount);
        return (check.Report.RowCount + dead[false].Sum(), dead[true].Sum());
    }

    /// <summary>Identity of every row, as <c>_hoodie_commit_seqno</c> has it.</summary>
    internal async Task<List<string>> SeqnosAsync(string location, string? at = null)
    {
        HudiTable table = await OpenAsync(location);
        List<string> seqnos = [];
        foreach (FileSlice slice in (await table.SnapshotAsync(at, Stop)).FileSlices)
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(table.Store, slice.Path, Stop);
            await foreach (RecordBatch batch in reader.ReadAsync([MetaColumns.CommitSeqno], Stop))
            {
                using (batch)
                {
                    seqnos.AddRange(Enumerable.Range(0, batch.RowCount).Select(i => Encoding.UTF8.GetString(batch.Columns[0].BytesAt(i))));
                }
            }
        }

        seqnos.Sort(StringComparer.Ordinal);
        return seqnos;
    }

    /// <summary>A process that is dead is dead for both of its stores.</summary>
    private ProcessStore SameProcess(ProcessStore store, string location)
    {
        var other = new ProcessStore(Pipelines.Store(location)) { IsDead = store.IsDead };
        other.Before = async call =>
        {
            other.IsDead |= store.IsDead;
            await store.Before(call);
            other.IsDead |= store.IsDead;
        };
        other.After = async call =>
        {
            await store.After(call);
            other.IsDead |= store.IsDead;
        };
        return other;
    }
}
