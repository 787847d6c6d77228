using System.Collections.Immutable;
using System.Globalization;
using Lakehouse.Columns;
using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Conformance.Tests;

/// <summary>
/// A table of every column type on local disk, made through the real write path, together with the rows that it must show.
/// </summary>
internal sealed class SampleTable
{
    internal const string WriteToken = "3-1-4";
    private const string Pipeline = "sample";
    private static readonly LedgerKey Key = new(Pipeline, "cluster-1", "sample", 0);
    private readonly Random _random;
    private readonly SampleShape _shape;
    private readonly List<SampleCommit> _commits = [];
    private readonly List<SampleErasure> _erasures = [];
    private long _offset;
    private long _checkpoint;
    private long _historyEpoch;

    private SampleTable(HudiTable table, SampleShape shape, Random random) => (Table, _shape, _random) = (table, shape, random);

    internal static Schema Schema { get; } = new(
        new Field("id", TypeKind.Long, Required: true),
        new Field("flag", TypeKind.Boolean),
        new Field("count", TypeKind.Int),
        new Field("total", TypeKind.Long),
        new Field("ratio", TypeKind.Float),
        new Field("fare", TypeKind.Double),
        new Field("price", ColumnType.Decimal(9, 2)),
        new Field("balance", ColumnType.Decimal(18, 4)),
        new Field("supply", ColumnType.Decimal(38, 10)),
        new Field("day", TypeKind.Date),
        new Field("at_millis", TypeKind.TimestampMillis),
        new Field("at_micros", TypeKind.TimestampMicros),
        new Field("name", TypeKind.String),
        new Field("payload", TypeKind.Binary),
        new Field("nothing", TypeKind.String),
        new Field("dt", TypeKind.String),
        new Field("zone", TypeKind.Int, Required: true));

    /// <summary>Several row groups and several pages in each, so that splits have something to divide.</summary>
    internal static ParquetWriterOptions SmallPages { get; } = new() { RowGroupRowCountMax = 250, PageRowCount = 90 };

    internal HudiTable Table { get; }

    internal string Folder => Table.Store.Root;

    /// <summary>The table that gets its files in the same commits, such as dead letters.</summary>
    internal SampleTable? Follower { get; set; }

    /// <summary>How committers are set.</summary>
    internal CommitterOptions CommitterOptions { get; init; } = new();

    /// <summary>The instants that readers must see.</summary>
    internal IEnumerable<string> Instants => _commits.Select(c => c.Instant).Concat(_erasures.Select(e => e.Instant));

    internal static async Task<SampleTable> CreateAsync(
        string folder, SampleShape shape, int seed, CancellationToken cancellation, CommitterOptions? options = null)
    {
        var random = new Random(seed);
        var config = new TableConfig
        {
            Name = "sample",
            Schema = Schema,
            PartitionFields = shape.PartitionFields,
            RecordKeyFields = shape.RecordKeyFields,
        };
        HudiTable table = await HudiTable.CreateAsync(new LocalObjectStore(folder), config, TimeProvider.System, random, cancellation);
        return new SampleTable(table, shape, random) { CommitterOptions = options ?? new CommitterOptions() };
    }

    /// <summary>What readers must see, at an instant or now.</summary>
    internal ExpectedTable Expected(string? asOf = null)
    {
        bool IsIn(string instant) => asOf is null || string.CompareOrdinal(instant, asOf) <= 0;
        return new(_shape, _erasures.Where(e => IsIn(e.Instant)).Aggregate(
            _commits.Where(c => IsIn(c.Instant)), (commits, erasure) => commits.Select(erasure.Apply)));
    }

    /// <summary>A committer of a new life of the worker, whose store may die under it.</summary>
    internal async Task<TableCommitter> CommitterAsync(IObjectStore? store, CancellationToken cancellation)
    {
        HudiTable table = store is null ? Table
            : await HudiTable.OpenAsync(store, TimeProvider.System, _random, cancellation)
                ?? throw new InvalidOperationException("The table is gone.");
        CommitterOptions options = CommitterOptions with { OpenFollower = (_, _) => Task.FromResult(Follower?.Table ?? table) };
        return new TableCommitter(table, "worker", $"{_random.Next():x8}", options, TimeProvider.System, _random);
    }

    /// <summary>Commits so many new rows.</summary>
    internal async Task CommitAsync(int rowCount, CancellationToken cancellation, ParquetWriterOptions? options = null)
    {
        SampleWork work = await StageAsync(rowCount, cancellation, options);
        TableCommitter committer = await CommitterAsync(null, cancellation);
        CommitResult result = await committer.CommitAsync(work.Committable, cancellation);
        Accept(work, result is CommitResult.Committed committed
            ? committed.Instant
            : throw new InvalidOperationException($"Not committed: {result}"));
    }

    /// <summary>The table's services.</summary>
    internal TableUpkeep Upkeep() => new(
        Table,
        CommitterOptions with { OpenFollower = (_, _) => Task.FromResult(Follower?.Table ?? Table) },
        TimeProvider.System,
        _random);

    /// <summary>Takes the table, and the one that follows it, back to one of its instants; what came after it is expected no more.</summary>
    internal async Task RestoreAsync(RestoreTarget target, CancellationToken cancellation)
    {
        RestorePlan plan = await Upkeep().RestoreAsync(target, cancellation);
        _offset = plan.After.Ledger.Entries[Key].EndOffset;
        _historyEpoch = plan.After.Ledger.HistoryEpoch;
        _commits.RemoveAll(c => string.CompareOrdinal(c.Instant, plan.Target) > 0);
        await (Follower?.ForgetAfterAsync(null, cancellation) ?? Task.CompletedTask);
    }

    /// <summary>Expects no more what came after an instant, or after the newest that is still on the timeline.</summary>
    internal async Task ForgetAfterAsync(string? instant, CancellationToken cancellation)
    {
        string? last = instant ?? (await Table.SnapshotAsync(null, cancellation)).Instant;
        _commits.RemoveAll(c => string.CompareOrdinal(c.Instant, last) > 0);
    }

    /// <summary>
    /// Replaces the file groups of one of its commits by nothing, as another program that overwrites a partition would. They are expected
    /// no more from there on. Returns the instant.
    /// </summary>
    internal async Task<string> ReplaceByNothingAsync(string committed, CancellationToken cancellation)
    {
        TableSnapshot snapshot = await Table.SnapshotAsync(null, cancellation);
        string instant = InstantTime.Next(TimeProvider.System.GetUtcNow(), snapshot.Instant);
        CommitMetadata metadata = new()
        {
            OperationType = "INSERT_OVERWRITE",
            PartitionToWriteStats = ImmutableSortedDictionary<string, ImmutableArray<WriteStat>>.Empty,
            ExtraMetadata = snapshot.Timeline[^1].Metadata.ExtraMetadata,
            PartitionToReplaceFileIds = snapshot.FileSlices.Where(s => s.Instant == committed)
                .GroupBy(s => s.PartitionPath)
                .ToImmutableSortedDictionary(g => g.Key, g => g.Select(s => s.FileId).ToImmutableArray()),
        };
        string path = $".hoodie/{instant}.replacecommit";
        await Table.Store.PutAsync(new ObjectPath(path + ".requested"), ReadOnlyMemory<byte>.Empty, cancellation);
        await Table.Store.PutAsync(new ObjectPath(path + ".inflight"), ReadOnlyMemory<byte>.Empty, cancellation);
        await Table.Store.PutAsync(new ObjectPath(path), metadata.ToJson(), cancellation);
        _commits.RemoveAll(c => c.Instant == committed);
        return instant;
    }

    /// <summary>Erases the rows whose id leaves no rest.</summary>
    internal async Task EraseAsync(long divisor, CancellationToken cancellation)
    {
        var erasure = new TableErasure(Table, CommitterOptions, TimeProvider.System, _random);
        (ReplaceBase on, Replacement plan) = await erasure.PlanAsync(
                new DivisibleIds(divisor), HudiTable.StagingFolder("erasure", "sample", "a1", ++_checkpoint), cancellation)
            ?? throw new InvalidOperationException("No row matches.");
        var committed = (CommitResult.Committed)await erasure.CommitAsync(on, plan, cancellation);
        _erasures.Add(new SampleErasure(
            committed.Instant,
            row => long.Parse(row.Values[0]!, CultureInfo.InvariantCulture) % divisor == 0,
            plan.Replaced.ToDictionary(static r => r.FileId, static r => r.SuccessorFileId ?? "")));
    }

    /// <summary>Merges the files of each partition into one.</summary>
    internal async Task MergeAsync(CancellationToken cancellation)
    {
        await Merging(Table).RunAsync(cancellation);
        await AcceptMergeAsync(cancellation);
    }

    /// <summary>A compaction of this table through a store that may die under it.</summary>
    internal CompactionRun Merging(HudiTable table) => CompactionRun.Of(
        table, new CompactionPolicy { InputsMin = 2, Parquet = SmallPages }, CommitterOptions, TimeProvider.System, _random);

    /// <summary>Expects rows in the files of the newest outcome, a merge that is public.</summary>
    internal async Task AcceptMergeAsync(CancellationToken cancellation)
    {
        Outcome merge = (await SequenceFolder.LookAsync(Table.Store, cancellation)).Newest
            ?? throw new InvalidOperationException("There is no outcome.");
        _erasures.Add(new SampleErasure(
            merge.Instant,
            static _ => false,
            merge.Files.Zip(merge.Merged).SelectMany(static m => m.Second.Inputs.Select(i => (i.FileId, Successor: m.First.Final.Name.Split('_')[0])))
                .ToDictionary(static m => m.FileId, static m => m.Successor)));
    }

    /// <summary>Counts rows as committed and public: the next ones continue behind them.</summary>
    internal void Accept(SampleWork work, string instant)
    {
        _commits.Add(new SampleCommit(instant, work.Rows));
        _offset += work.Rows.Count;
    }

    /// <summary>As <see cref="Accept(SampleWork, string)"/>, with the newest instant of the timeline.</summary>
    internal async Task AcceptAsync(SampleWork work, CancellationToken cancellation)
    {
        TableSnapshot snapshot = await Table.SnapshotAsync(null, cancellation);
        Accept(work, snapshot.Instant ?? throw new InvalidOperationException("The table shows no instant."));
    }

    /// <summary>Makes rows and writes their files to staging. Nothing of it is committed.</summary>
    internal async Task<SampleWork> StageAsync(int rowCount, CancellationToken cancellation, ParquetWriterOptions? options = null)
    {
        _checkpoint++;
        var rows = new List<SampleRow>();
        var files = ImmutableArray.CreateBuilder<StagedFile>();
        ObjectPath staging = HudiTable.StagingFolder(Pipeline, "worker", "a1", _checkpoint);
        foreach ((int index, SamplePartition partition) in _shape.Files.Index())
        {
            long[] offsets = [.. Enumerable.Range(0, rowCount).Where(i => i % _shape.Files.Length == index).Select(i => _offset + i)];
            if (offsets.Length == 0)
            {
                continue;
            }

            var fileOptions = new BaseFileOptions
            {
                Parquet = options ?? SmallPages,
                EventTimeColumn = "at_millis",
                WriteToken = WriteToken,
            };
            using var writer = new BaseFileWriter(Table, partition.Path, staging, fileOptions, null);
            var written = new List<(string?[] Values, long Offset)>();
            foreach (long[] batch in offsets.Chunk(140))
            {
                SampleRows.Write(writer, batch, partition, _shape.OnlyNulls, _random, written);
            }

            StagedFile file = await writer.CompleteAsync(cancellation);
            files.Add(file);
            rows.AddRange(written.Select(w => new SampleRow(w.Values, w.Offset, partition.Path, file.FileId)));
        }

        var range = new OffsetRange(Key, _offset, _offset + rowCount, 1, "topic-id", rowCount, rowCount, 0, 0, 0, null, null);
        var reference = new CheckpointReference(Pipeline, "worker", _checkpoint, $"{Pipeline}/worker/a1/{_checkpoint}");
        return new SampleWork(new Committable(files.ToImmutable(), [range], reference, _historyEpoch, []), rows);
    }
}

/// <summary>Staged files and the rows in them.</summary>
internal sealed record SampleWork(Committable Committable, IReadOnlyList<SampleRow> Rows);
