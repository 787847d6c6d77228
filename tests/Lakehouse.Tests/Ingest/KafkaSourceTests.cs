using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class KafkaSourceTests : IAsyncDisposable
{
    private static readonly TopicPartition P0 = new("trips", 0);
    private static readonly TopicPartition P1 = new("trips", 1);
    private readonly PipelineBench _bench = new();
    private readonly PipelineDefinition _pipeline = PipelineBench.Parse(PipelineBench.Trips);
    private readonly Counting _output = new();
    private readonly SimulatedConsumer _consumer;
    private readonly KafkaSplits _splits;
    private Ledger _ledger = Ledger.Empty;
    private TaskCompletionSource? _requested;
    private CheckpointDeadline? _deadline;

    public KafkaSourceTests()
    {
        _consumer = new SimulatedConsumer(_bench.Log, "lake", "worker-0", TimeProvider.System, new Random(7));
        _splits = new KafkaSplits(
            _pipeline, _consumer, Ledger.Empty, _ => Task.FromResult(_ledger), TimeSpan.FromSeconds(20), TimeProvider.System, NullLogger.Instance);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Small_partition_is_not_starved_by_a_large_one()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(P0, 60_000);
        _bench.Produce(P1, 50);
        await using KafkaSource source = await OpenAsync(1);

        while (_output.Rows.GetValueOrDefault("trips-1") < 50)
        {
            await source.PollAsync(_output, Cancellation);
        }

        // The large one had its quanta of 1 MiB meanwhile, not its whole backlog of about 4 MiB.
        Assert.InRange(_output.Rows.GetValueOrDefault("trips-0"), 1, 55_000);
    }

    [Fact]
    public async Task Partitions_are_dealt_to_subtasks_and_each_ends_when_its_own_are_read()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(P0, 10);
        _bench.Produce(P1, 20);
        await using KafkaSource first = await OpenAsync(2);
        await using var second = new KafkaSource(_pipeline, _splits, null, TimeProvider.System);
        await second.OpenAsync(Context(1), [], Cancellation);

        await PollToEndAsync(first);
        Assert.Equal([new("trips-0", 10)], _output.Rows);
        await PollToEndAsync(second);
        Assert.Equal([new("trips-0", 10), new("trips-1", 20)], _output.Rows.OrderBy(r => r.Key));
    }

    [Fact]
    public async Task First_snapshot_tells_every_start_and_the_following_ones_what_was_read()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(P0, 10);
        await using KafkaSource source = await OpenAsync(1);

        Committable starts = CheckpointParts.ReadSource(source.Snapshot(new CheckpointId(1)));
        Assert.Equal([(0, 0L, 0L), (1, 0L, 0L)], starts.Ranges.Select(r => (r.Key.Partition, r.Start, r.End)));

        await PollToEndAsync(source);
        OffsetRange read = Assert.Single(CheckpointParts.ReadSource(source.Snapshot(new CheckpointId(2))).Ranges);
        Assert.Equal((0, 0L, 10L, 10L, 0L), (read.Key.Partition, read.Start, read.End, read.Read, read.DeadLettered));
        Assert.Equal(1_763_510_400_000_000, read.MinEventTimeMicros);
        Assert.Empty(CheckpointParts.ReadSource(source.Snapshot(new CheckpointId(3))).Ranges);
    }

    [Fact]
    public async Task Revoked_partitions_are_given_back_only_after_their_commit()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(P0, 100);
        await using KafkaSource source = await OpenAsync(1);
        await PollToEndAsync(source);
        await using SimulatedConsumer other = await JoinAsync(source);

        Assert.Equal(TimeSpan.FromSeconds(20), _deadline?.Within);
        Assert.Null(await other.PollGroupAsync(Cancellation));
        _bench.Produce(P0, 5);
        await source.PollAsync(_output, Cancellation);
        OffsetRange last = CheckpointParts.ReadSource(source.Snapshot(new CheckpointId(1))).Ranges.Single(r => r.End > r.Start);
        Assert.Equal(100, last.End);

        _requested!.SetResult(); // Joining waits for it.
        await source.PollAsync(_output, Cancellation);
        var assigned = Assert.IsType<GroupEvent.Assigned>(await other.PollGroupAsync(Cancellation));
        Assert.NotEmpty(assigned.Partitions);
    }

    [Fact]
    public async Task A_partition_is_taken_over_where_the_table_ends_at_that_moment_not_where_it_ended_at_the_start()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(P0, 100);
        await using KafkaSource source = await OpenAsync(1);
        _ledger = Holding(P0, 60);

        await PollToEndAsync(source);
        Assert.Equal(40, _output.Rows["trips-0"]);
    }

    [Fact]
    public async Task In_a_cooperative_group_a_partition_that_stays_is_read_on_while_another_is_given_back()
    {
        _bench.Log.IsCooperative = true;
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(P0, 10);
        _bench.Produce(P1, 10);
        await using KafkaSource source = await OpenAsync(1);
        await PollToEndAsync(source);
        await using SimulatedConsumer other = await JoinAsync(source);

        _bench.Produce(P0, 7);
        _bench.Produce(P1, 7);
        while (_output.Rows["trips-0"] < 17)
        {
            await source.PollAsync(_output, Cancellation);
        }

        Assert.Equal(10, _output.Rows["trips-1"]);
        Assert.Null(await other.PollGroupAsync(Cancellation));
        source.Snapshot(new CheckpointId(1));
        _ledger = Holding(P0, 17);
        _requested!.SetResult(); // Joining waits for it.
        while (!_splits.IsSettled)
        {
            await source.PollAsync(_output, Cancellation);
        }

        Assert.Equal([P1], Assert.IsType<GroupEvent.Assigned>(await other.PollGroupAsync(Cancellation)).Partitions);
        _bench.Produce(P0, 3);
        while (_output.Rows["trips-0"] < 20)
        {
            await source.PollAsync(_output, Cancellation);
        }
    }

    [Fact]
    public async Task A_bounded_run_ends_only_when_the_table_holds_what_other_workers_were_given()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(P0, 10);
        _bench.Produce(P1, 10);
        await using var other = new SimulatedConsumer(_bench.Log, "lake", "worker-1", TimeProvider.System, new Random(8));
        await other.SubscribeAsync(["trips"], Cancellation);
        await using KafkaSource source = await OpenAsync(1);
        await source.PollAsync(_output, Cancellation);
        Assert.NotNull(await other.PollGroupAsync(Cancellation));

        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(1.5))
        {
            Assert.NotEqual(SourceStatus.EndOfInput, await source.PollAsync(_output, Cancellation));
        }

        Assert.Equal([new("trips-0", 10)], _output.Rows);
        _ledger = Holding(P1, 10);
        await PollToEndAsync(source);
        Assert.Equal([new("trips-0", 10)], _output.Rows);
    }

    [Fact]
    public async Task A_subtask_that_slept_through_a_rebalance_does_not_touch_what_was_taken_from_it()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(P1, 10);
        await using KafkaSource first = await OpenAsync(2);
        await using var second = new KafkaSource(_pipeline, _splits, null, TimeProvider.System);
        await second.OpenAsync(Context(1), [], Cancellation);
        await PollToEndAsync(first);
        await PollToEndAsync(second);

        // The second closes its files at the barrier and is slow about it: meanwhile the first gives back and is assigned anew.
        await using SimulatedConsumer other = await JoinAsync(first);

        first.Snapshot(new CheckpointId(1));
        second.Snapshot(new CheckpointId(1));
        _requested!.SetResult(); // Joining waits for it.
        await first.PollAsync(_output, Cancellation);
        Assert.Equal([P1], Assert.IsType<GroupEvent.Assigned>(await other.PollGroupAsync(Cancellation)).Partitions);
        while (!_splits.IsSettled)
        {
            await first.PollAsync(_output, Cancellation);
        }

        _bench.Produce(P1, 10);
        await second.PollAsync(_output, Cancellation);
        Assert.Equal(10, _output.Rows["trips-1"]);
    }

    [Fact]
    public async Task Lost_partitions_end_the_run()
    {
        _bench.Log.CreateTopic("trips", 1);
        await using KafkaSource source = await OpenAsync(1);
        await PollToEndAsync(source);
        _bench.Log.Expel(_consumer);

        await Assert.ThrowsAsync<SplitsLostException>(async () =>
        {
            while (true)
            {
                await source.PollAsync(_output, Cancellation);
            }
        });
    }

    [Fact]
    public async Task Offsets_that_expire_while_reading_are_a_loss()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(P0, 10);
        await using KafkaSource source = await OpenAsync(1);
        await PollToEndAsync(source);
        _bench.Produce(P0, 10);
        _bench.Log.TrimTo(P0, 15);

        var error = await Assert.ThrowsAsync<DataLossException>(async () => await PollToEndAsync(source));
        Assert.Contains("trips-0", error.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync() => await _splits.DisposeAsync();

    private Ledger Holding(TopicPartition partition, long end) => Ledger.Empty with
    {
        Entries = Ledger.Empty.Entries.Add(
            new LedgerKey("trips", _bench.Log.ClusterId, partition.Topic, partition.Partition), new LedgerEntry(end, -1, null, "")),
    };

    private async Task<KafkaSource> OpenAsync(int subtaskCount)
    {
        Assert.Equal(subtaskCount, await _splits.OpenAsync(subtaskCount, Cancellation));
        var source = new KafkaSource(_pipeline, _splits, null, TimeProvider.System);
        await source.OpenAsync(Context(0), [], Cancellation);
        return source;
    }

    private SourceContext Context(int subtask) => new(subtask, RunMode.UntilEndOfInput, null, new JobProgress(), deadline =>
    {
        _deadline = deadline;
        _requested = new TaskCompletionSource();
        return _requested.Task;
    });

    /// <summary>Another worker joins the group. Ends when a checkpoint was asked for, before which nothing is given back.</summary>
    private async Task<SimulatedConsumer> JoinAsync(KafkaSource source)
    {
        var other = new SimulatedConsumer(_bench.Log, "lake", "worker-1", TimeProvider.System, new Random(8));
        await other.SubscribeAsync(["trips"], Cancellation);
        while (_requested is null)
        {
            await source.PollAsync(_output, Cancellation);
        }

        return other;
    }

    private async Task PollToEndAsync(KafkaSource source)
    {
        while (await source.PollAsync(_output, Cancellation) != SourceStatus.EndOfInput)
        {
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    private sealed class Counting : IOutput
    {
        internal Dictionary<string, int> Rows { get; } = [];

        public ValueTask EmitAsync(StreamElement element, CancellationToken cancellation)
        {
            var batch = (DataBatch)element;
            using RecordBatch rows = batch.Rows;
            Rows[batch.Split] = Rows.GetValueOrDefault(batch.Split) + rows.RowCount;
            return ValueTask.CompletedTask;
        }
    }
}
