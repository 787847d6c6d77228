using Lakehouse.Engine;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Engine;

public sealed class JobTests
{
    private readonly SimulatedWorld _world = new(seed: 5);
    private readonly ToyPipeline _pipeline;
    private readonly SimulatedProcess _process;

    public JobTests()
    {
        _pipeline = new ToyPipeline(_world, splitCount: 2, rowsPerSplit: 100_000);
        _process = new SimulatedProcess(_world, "life", FaultPlan.None);
    }

    [Fact]
    public void A_stop_commits_everything_that_was_read()
    {
        using var stop = new CancellationTokenSource();
        Job job = _pipeline.CreateJob(_process, parallelism: 2, configure: Hourly);
        Task run = job.RunAsync(RunMode.Continuous, stop.Token);
        _world.RunUntil(() => job.Progress.RecordsRead > 1_000);
        Assert.Equal(1, job.Progress.Commits);
        stop.Cancel();
        _world.RunUntil(() => run.IsCompleted);
        Assert.True(run.IsCompletedSuccessfully);
        Assert.Equal(2, job.Progress.Commits);
        Assert.Equal(job.Progress.RecordsRead, _pipeline.CheckTable());
    }

    [Fact]
    public void A_fresh_job_reads_nothing_before_its_start_positions_are_in_the_table()
    {
        Job job = _pipeline.CreateJob(_process, parallelism: 2, configure: Hourly);
        Task run = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => job.Progress.RecordsRead > 0);
        ToyEntry first = Assert.Single(_pipeline.Entries());
        Assert.All(first.Ranges, static range => Assert.Equal(range.Start, range.End));
        Assert.False(run.IsCompleted);
    }

    [Fact]
    public void A_source_that_asks_for_a_checkpoint_gets_one_that_holds_what_it_had_read()
    {
        ToySource? source = null;
        Job job = _pipeline.CreateJob(_process, parallelism: 1, configure: Hourly, wrapSource: (_, made) => source = made);
        _ = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => job.Progress.RecordsRead > 500);
        long read = job.Progress.RecordsRead;
        Task asked = source!.Context!.RequestCheckpointAsync();
        _world.RunUntil(() => asked.IsCompleted);
        Assert.True(asked.IsCompletedSuccessfully);
        Assert.InRange(_pipeline.CheckTable(), read, long.MaxValue);
    }

    [Fact]
    public void A_requested_checkpoint_that_is_not_committed_by_its_deadline_ends_the_run_and_the_job_begins_again_from_the_table()
    {
        var gate = new TaskCompletionSource();
        ToySource? source = null;
        SlowCommitter? slow = null;
        Job job = _pipeline.CreateJob(
            _process, parallelism: 1, configure: Hourly, wrap: table => slow = new SlowCommitter(table, gate.Task, from: 2),
            wrapSource: (_, made) => source = made);
        Task run = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => job.Progress.RecordsRead > 500);
        ToySource first = source!;
        Task asked = first.Context!.RequestCheckpointAsync(new CheckpointDeadline(TimeSpan.FromSeconds(4), "the group wants its partitions back"));
        _world.RunUntil(() => slow is { Waiting: 1 } || run.IsCompleted);
        long waiting = _world.Time.GetTimestamp();
        _world.RunUntil(() => slow!.IsAbandoned);
        Assert.InRange(_world.Time.GetElapsedTime(waiting), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5));
        gate.SetResult();
        _world.RunUntil(() => source != first && job.Progress.Commits >= 1);
        Assert.True(asked.IsCanceled);
        Assert.Equal(1, job.Progress.Restarts);
        Assert.False(run.IsCompleted);
        _pipeline.CheckTable();
    }

    [Fact]
    public void A_stop_whose_last_checkpoint_conflicts_does_not_end_as_if_everything_were_committed()
    {
        using var stop = new CancellationTokenSource();
        Job job = _pipeline.CreateJob(_process, parallelism: 1, configure: Hourly, wrap: static table => new ConflictOnce(table, at: 2));
        Task run = job.RunAsync(RunMode.Continuous, stop.Token);
        _world.RunUntil(() => job.Progress.RecordsRead > 500);
        stop.Cancel();
        _world.RunUntil(() => run.IsCompleted);
        JobException end = Assert.IsType<JobException>(run.Exception!.InnerException);
        Assert.Contains("stopped without a last commit", end.Message, StringComparison.Ordinal);
        Assert.False(job.Progress.EndedCommitted);
    }

    [Fact]
    public void Reading_goes_on_while_a_slow_commit_runs_and_no_second_one_starts()
    {
        var gate = new TaskCompletionSource();
        SlowCommitter? slow = null;
        Job job = _pipeline.CreateJob(_process, parallelism: 2, wrap: table => slow = new SlowCommitter(table, gate.Task, from: 3));
        _ = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => slow is { Waiting: > 0 });
        long read = job.Progress.RecordsRead;
        _world.RunUntil(() => job.Progress.RecordsRead > read + 2_000);
        Assert.Equal(1, slow!.Waiting);
        Assert.Equal(2, job.Progress.Commits);
        gate.SetResult();
        _world.RunUntil(() => job.Progress.Commits >= 4);
        _pipeline.CheckTable();
    }

    [Fact]
    public void A_conflict_sends_the_job_back_to_what_the_table_says()
    {
        ConflictOnce? once = null;
        Job job = _pipeline.CreateJob(_process, parallelism: 2, wrap: table => once = new ConflictOnce(table));
        _ = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => job.Progress.Commits >= 6);
        Assert.True(once!.Happened);
        Assert.Equal(1, job.Progress.Restarts);
        _pipeline.CheckTable();
    }

    [Fact]
    public void A_failure_that_will_not_pass_ends_the_job_with_the_source_s_own_words()
    {
        Job job = _pipeline.CreateJob(_process, parallelism: 2, wrapSource: static (i, made) => i == 1 ? new FailingSource(made, "trips-1 @ 17") : made);
        Task run = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => run.IsCompleted);
        Assert.Equal("trips-1 @ 17", Assert.IsType<FormatException>(run.Exception!.InnerException).Message);
        _pipeline.CheckTable();
    }

    [Fact]
    public void Restarts_without_a_commit_in_between_come_to_an_end_that_says_why()
    {
        Job job = _pipeline.CreateJob(
            _process,
            parallelism: 1,
            configure: static options => Hourly(options) with { IsTransient = static failure => failure is FormatException, RestartsWithoutProgressMax = 3 },
            wrapSource: static (_, made) => new FailingSource(made, "the broker is away"));
        Task run = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => run.IsCompleted);
        JobException end = Assert.IsType<JobException>(run.Exception!.InnerException);
        Assert.Contains("the broker is away", end.Message, StringComparison.Ordinal);
        Assert.InRange(job.Progress.Restarts, 3, 4);
    }

    [Fact]
    public void A_subtask_that_never_acknowledges_is_named_when_the_checkpoint_times_out()
    {
        Job job = _pipeline.CreateJob(
            _process,
            parallelism: 2,
            configure: static options => options with { CheckpointTimeout = TimeSpan.FromSeconds(5), RestartsWithoutProgressMax = 0 },
            wrapSource: static (i, made) => i == 1 ? new StuckSource(made) : made);
        Task run = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => run.IsCompleted);
        Assert.Contains("subtask 1", run.Exception!.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_newest_checkpoints_are_kept()
    {
        Job job = _pipeline.CreateJob(_process, parallelism: 1);
        _ = job.RunAsync(RunMode.Continuous, CancellationToken.None);
        _world.RunUntil(() => job.Progress.Commits >= 10);
        Assert.InRange(_pipeline.CheckpointCount(), 2, 3);
    }

    private static JobOptions Hourly(JobOptions options) => options with { CheckpointInterval = TimeSpan.FromHours(1) };

    private sealed class SlowCommitter(ICommitter inner, Task gate, int from) : ICommitter
    {
        private int _calls;

        internal int Waiting { get; private set; }

        internal bool IsAbandoned { get; private set; }

        public Task<CommittedState> ReadCommittedAsync(CancellationToken cancellation) => inner.ReadCommittedAsync(cancellation);

        public Task<bool> StillFitsAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation) =>
            inner.StillFitsAsync(checkpoint, cancellation);

        public async Task<CommitOutcome> CommitAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
        {
            if (++_calls >= from)
            {
                Waiting++;
                using (cancellation.UnsafeRegister(_ => IsAbandoned = true, null))
                {
                    await gate;
                }

                Waiting--;
                cancellation.ThrowIfCancellationRequested();
            }

            return await inner.CommitAsync(checkpoint, cancellation);
        }
    }

    private sealed class ConflictOnce(ICommitter inner, int at = 3) : ICommitter
    {
        private int _calls;

        internal bool Happened { get; private set; }

        public Task<CommittedState> ReadCommittedAsync(CancellationToken cancellation) => inner.ReadCommittedAsync(cancellation);

        public Task<bool> StillFitsAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation) => Task.FromResult(false);

        public Task<CommitOutcome> CommitAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
        {
            if (++_calls != at)
            {
                return inner.CommitAsync(checkpoint, cancellation);
            }

            Happened = true;
            return Task.FromResult(CommitOutcome.Conflicted);
        }
    }

    private sealed class FailingSource(ISource inner, string message) : ISource
    {
        private int _polls;

        public Task OpenAsync(SourceContext context, IReadOnlyList<byte[]> restored, CancellationToken cancellation) =>
            inner.OpenAsync(context, restored, cancellation);

        public ValueTask<SourceStatus> PollAsync(IOutput output, CancellationToken cancellation) =>
            _polls++ < 20 ? inner.PollAsync(output, cancellation) : throw new FormatException(message);

        public byte[] Snapshot(CheckpointId checkpoint) => inner.Snapshot(checkpoint);

        public Task NotifyCommittedAsync(CheckpointId checkpoint, CancellationToken cancellation) =>
            inner.NotifyCommittedAsync(checkpoint, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class StuckSource(ISource inner) : ISource
    {
        public Task OpenAsync(SourceContext context, IReadOnlyList<byte[]> restored, CancellationToken cancellation) =>
            inner.OpenAsync(context, restored, cancellation);

        public async ValueTask<SourceStatus> PollAsync(IOutput output, CancellationToken cancellation)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            return SourceStatus.NothingAvailable;
        }

        public byte[] Snapshot(CheckpointId checkpoint) => inner.Snapshot(checkpoint);

        public Task NotifyCommittedAsync(CheckpointId checkpoint, CancellationToken cancellation) => Task.CompletedTask;

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
