using Lakehouse.Engine;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Engine;

/// <summary>The toy pipeline outside the simulator: real threads, real time.</summary>
internal sealed class RealToy(ToyPipeline toy)
{
    internal async Task RunAsync(Scheduler scheduler)
    {
        var options = new JobOptions
        {
            Name = "toy", Worker = "w", Attempt = "a", CheckpointInterval = TimeSpan.FromMilliseconds(20),
        };
        var job = new Job(
            options,
            new ToyTable(toy.Durable),
            (_, _) => Task.FromResult(new JobParts(
                [.. Enumerable.Range(0, 3).Select(i => new SubtaskParts(
                    new EagerSource(i, 3, toy.SplitCount, toy.RowsPerSplit), [new DropMultiplesOfSeven()], new ToySink(toy.Durable, $"{i}")))])),
            new CheckpointStore(toy.Durable, new ObjectPath("checkpoints")),
            scheduler,
            TimeProvider.System,
            new Random(1));
        await job.RunAsync(RunMode.UntilEndOfInput, CancellationToken.None);
        Assert.Equal(toy.SplitCount * toy.RowsPerSplit, toy.CheckTable());
        Assert.InRange(job.Progress.Commits, 2, 10_000);
    }

    /// <summary>Like <see cref="ToySource"/>, but it draws nothing: several threads must not share a random source.</summary>
    private sealed class EagerSource(int subtask, int parallelism, int splitCount, int rowsPerSplit) : ISource
    {
        private readonly SortedDictionary<int, ToyRange> _ranges = [];

        public Task OpenAsync(SourceContext context, IReadOnlyList<byte[]> restored, CancellationToken cancellation)
        {
            for (int split = subtask; split < splitCount; split += parallelism)
            {
                _ranges.Add(split, new ToyRange(split, 0, 0));
            }

            return Task.CompletedTask;
        }

        public async ValueTask<SourceStatus> PollAsync(IOutput output, CancellationToken cancellation)
        {
            foreach (ToyRange range in _ranges.Values)
            {
                if (range.End < rowsPerSplit)
                {
                    int end = Math.Min(range.End + 10, rowsPerSplit);
                    await output.EmitAsync(ToySource.Batch(range.Split, Enumerable.Range(range.End, end - range.End)), cancellation);
                    await Task.Yield();
                    _ranges[range.Split] = range with { End = end };
                    return SourceStatus.MoreAvailable;
                }
            }

            return SourceStatus.EndOfInput;
        }

        public byte[] Snapshot(CheckpointId checkpoint)
        {
            byte[] snapshot = System.Text.Encoding.UTF8.GetBytes(string.Join(' ', _ranges.Values));
            foreach (ToyRange range in _ranges.Values.ToArray())
            {
                _ranges[range.Split] = range with { Start = range.End };
            }

            return snapshot;
        }

        public Task NotifyCommittedAsync(CheckpointId checkpoint, CancellationToken cancellation) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
