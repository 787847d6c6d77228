using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Engine;

/// <summary>
/// The smallest pipeline that can lose or double a row: split s of the log holds 0, 1, 2 ...; a filter drops multiples of seven; the table
/// is a sequence of put-if-absent entries, each with ranges that must continue the one before.
/// </summary>
internal sealed class ToyPipeline(SimulatedWorld world, int splitCount, int rowsPerSplit)
{
    internal static readonly Schema Rows = new(new Field("split", TypeKind.Int, true), new Field("value", TypeKind.Int, true));

    internal MemoryObjectStore Durable { get; } = new("durable", world.Time);

    internal int SplitCount => splitCount;

    internal int RowsPerSplit => rowsPerSplit;

    internal SimulatedWorld World => world;

    internal Job CreateJob(
        SimulatedProcess process,
        int parallelism,
        Func<ToyTable, ICommitter>? wrap = null,
        Func<JobOptions, JobOptions>? configure = null,
        Func<int, ToySource, ISource>? wrapSource = null)
    {
        var store = new CrashingObjectStore(Durable, process);
        var options = new JobOptions
        {
            Name = "toy",
            Worker = "w",
            Attempt = JobOptions.NewAttempt(world.Time, world.Random),
            CheckpointInterval = TimeSpan.FromMilliseconds(40),
            RetainedCheckpoints = 2,
        };
        options = configure?.Invoke(options) ?? options;
        var table = new ToyTable(store);
        return new Job(
            options,
            wrap?.Invoke(table) ?? table,
            (start, _) => Task.FromResult(new JobParts(
            [
                .. Enumerable.Range(0, parallelism).Select(i =>
                {
                    var source = new ToySource(this, i, parallelism);
                    return new SubtaskParts(
                        wrapSource?.Invoke(i, source) ?? source, [new DropMultiplesOfSeven()], new ToySink(store, $"{start.Attempt}-{start.Restart}-{i}"));
                }),
            ])),
            new CheckpointStore(store, new ObjectPath("checkpoints")),
            process.Scheduler,
            world.Time,
            world.Random);
    }

    internal List<ToyEntry> Entries() => ToyTable.ReadAllAsync(Durable).GetAwaiter().GetResult();

    internal int CheckpointCount() => new CheckpointStore(Durable, new ObjectPath("checkpoints"))
        .ListAsync("toy", "w", CancellationToken.None).GetAwaiter().GetResult().Length;

    /// <summary>table == fold(log[0 .. ledger]). Returns how many rows the ledger covers.</summary>
    internal int CheckTable()
    {
        var expected = new List<(int, int)>();
        var actual = new List<(int, int)>();
        var ledger = new SortedDictionary<int, int>();
        foreach (ToyEntry entry in ToyTable.ReadAllAsync(Durable).GetAwaiter().GetResult())
        {
            foreach (ToyRange range in entry.Ranges)
            {
                ledger[range.Split] = range.End;
            }

            foreach (string file in entry.Files)
            {
                byte[] content = Durable.GetAsync(new ObjectPath(file), CancellationToken.None).GetAwaiter().GetResult()
                    ?? throw new InvalidOperationException($"Seed {world.Seed}: a committed file is gone: {file}");
                actual.AddRange(Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
                {
                    string[] parts = line.Split(',');
                    return (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
                }));
            }
        }

        foreach ((int split, int end) in ledger)
        {
            expected.AddRange(Enumerable.Range(0, end).Where(static value => value % 7 != 0).Select(value => (split, value)));
        }

        actual.Sort();
        expected.Sort();
        if (!actual.SequenceEqual(expected))
        {
            throw new OracleException($"Seed {world.Seed}: the table has {actual.Count} rows, {actual.Distinct().Count()} different ones; "
                + $"the log up to the ledger folds to {expected.Count}.");
        }

        return ledger.Values.Sum();
    }
}

/// <summary>The table is not what the log says.</summary>
internal sealed class OracleException(string message) : Exception(message);

internal readonly record struct ToyRange(int Split, int Start, int End)
{
    public override string ToString() => FormattableString.Invariant($"{Split}:{Start}:{End}");

    internal static ToyRange Parse(string text) => text.Split(':').Select(static part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray()
        is [var split, var start, var end] ? new ToyRange(split, start, end) : throw new FormatException(text);
}

internal sealed record ToyEntry(long Checkpoint, string Path, ToyRange[] Ranges, string[] Files)
{
    internal byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{Checkpoint}|{Path}|{string.Join(' ', Ranges)}|{string.Join(' ', Files)}"));

    internal static ToyEntry Parse(byte[] content)
    {
        string[] parts = Encoding.UTF8.GetString(content).Split('|');
        return new ToyEntry(
            long.Parse(parts[0], CultureInfo.InvariantCulture),
            parts[1],
            [.. parts[2].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ToyRange.Parse)],
            parts[3].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}

internal sealed class ToySource(ToyPipeline pipeline, int subtask, int parallelism) : ISource
{
    private readonly SortedDictionary<int, ToyRange> _ranges = [];

    internal SourceContext? Context { get; private set; }

    public Task OpenAsync(SourceContext context, IReadOnlyList<byte[]> restored, CancellationToken cancellation)
    {
        Context = context;
        IEnumerable<string> texts = restored.Count > 0 ? restored.Select(Encoding.UTF8.GetString)
            : context.CommittedPositions is { } positions ? [Encoding.UTF8.GetString(positions)] : [];
        var ends = texts.SelectMany(static text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(ToyRange.Parse)
            .ToDictionary(static range => range.Split, static range => range.End);
        for (int split = subtask; split < pipeline.SplitCount; split += parallelism)
        {
            int start = ends.GetValueOrDefault(split);
            _ranges.Add(split, new ToyRange(split, start, start));
        }

        return Task.CompletedTask;
    }

    public async ValueTask<SourceStatus> PollAsync(IOutput output, CancellationToken cancellation)
    {
        Random random = pipeline.World.Random;
        if (random.Next(2) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 12)), pipeline.World.Time, cancellation);
        }

        ToyRange[] open = [.. _ranges.Values.Where(range => range.End < pipeline.RowsPerSplit)];
        if (open.Length == 0)
        {
            return SourceStatus.EndOfInput;
        }

        ToyRange range = open[random.Next(open.Length)];
        int end = Math.Min(range.End + random.Next(1, 6), pipeline.RowsPerSplit);
        await output.EmitAsync(Batch(range.Split, Enumerable.Range(range.End, end - range.End)), cancellation);
        Context!.Progress.CountRead(range.Split.ToString(CultureInfo.InvariantCulture), end - range.End, 4 * (end - range.End));
        _ranges[range.Split] = range with { End = end };
        return SourceStatus.MoreAvailable;
    }

    public byte[] Snapshot(CheckpointId checkpoint)
    {
        byte[] snapshot = Encoding.UTF8.GetBytes(string.Join(' ', _ranges.Values));
        foreach (ToyRange range in _ranges.Values.ToArray())
        {
            _ranges[range.Split] = range with { Start = range.End };
        }

        return snapshot;
    }

    public Task NotifyCommittedAsync(CheckpointId checkpoint, CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal static DataBatch Batch(int split, IEnumerable<int> values)
    {
        using var splits = new ColumnBuilder(TypeKind.Int);
        using var numbers = new ColumnBuilder(TypeKind.Int);
        foreach (int value in values)
        {
            splits.Append(split);
            numbers.Append(value);
        }

        int count = numbers.Length;
        return new DataBatch(
            new RecordBatch(ToyPipeline.Rows, [splits.Finish(), numbers.Finish()], count), split.ToString(CultureInfo.InvariantCulture));
    }
}

internal sealed class DropMultiplesOfSeven : IOperator
{
    public string Name => "filter";

    public void Open(byte[]? restored)
    {
    }

    public async ValueTask ProcessAsync(DataBatch batch, IOutput output, CancellationToken cancellation)
    {
        int split = batch.Rows.Columns[0].Values<int>()[0];
        int[] kept = [.. batch.Rows.Columns[1].Values<int>().ToArray().Where(static value => value % 7 != 0)];
        batch.Rows.Dispose();
        if (kept.Length > 0)
        {
            await output.EmitAsync(ToySource.Batch(split, kept), cancellation);
        }
    }

    public ValueTask OnWatermarkAsync(Watermark watermark, IOutput output, CancellationToken cancellation) => ValueTask.CompletedTask;

    public byte[] Snapshot(CheckpointId checkpoint) => [];

    public void Dispose()
    {
    }
}

internal sealed class ToySink(IObjectStore store, string name) : ISinkWriter
{
    private readonly StringBuilder _rows = new();

    public ValueTask WriteAsync(DataBatch batch, CancellationToken cancellation)
    {
        for (int i = 0; i < batch.Rows.RowCount; i++)
        {
            _rows.Append(CultureInfo.InvariantCulture, $"{batch.Rows.Columns[0].Values<int>()[i]},{batch.Rows.Columns[1].Values<int>()[i]}\n");
        }

        batch.Rows.Dispose();
        return ValueTask.CompletedTask;
    }

    public async ValueTask<byte[]> PrepareCommitAsync(
        CheckpointId checkpoint, ReadOnlyMemory<byte> sourceSnapshot, CancellationToken cancellation)
    {
        byte[] content = Encoding.UTF8.GetBytes(_rows.ToString());
        _rows.Clear();
        if (content.Length == 0)
        {
            return [];
        }

        string file = $"staging/{name}-{checkpoint}";
        await store.PutAsync(new ObjectPath(file), content, cancellation);
        return Encoding.UTF8.GetBytes(file);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
