using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Kafka;
using Lakehouse.Storage;

namespace Lakehouse.Ingest;

/// <summary>
/// Dead letters put once more through decoder, steps and routes, with the coordinates and bytes that they had: what is a row now is written
/// as the row that it would have been, under the same identity. What is still bad stays; what a filter drops leaves and is counted.
/// </summary>
public sealed class DeadLetterReplay : IRowReplay
{
    private const int RunRecordCountMax = 16 * 1024;
    private const int RunBytesMax = 4 << 20;
    private readonly PipelineDefinition _pipeline;
    private readonly Ledger _ledger;
    private readonly Action<RecordBatch> _stillBad;
    private readonly MessageDecoder _decoder;
    private readonly StepChain _steps;
    private readonly HudiSinkWriter? _sink;
    private readonly RowRouter _router;
    private readonly byte[] _pipelineName;
    private readonly int[] _partitionColumns;
    private readonly SplitCounts _decoded = new();
    private readonly SplitCounts _written = new();
    private readonly SplitCounts _routed = new();
    private readonly Dictionary<string, TopicPartition> _splits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _partitions = new(StringComparer.Ordinal);
    private readonly long[] _routeCounts;

    /// <summary>Prepares a replay; nothing is touched.</summary>
    /// <param name="pipeline">The pipeline, corrected perhaps; its <see cref="PipelineDefinition.DeadLettersPath"/> is set.</param>
    /// <param name="table">The first table that rows go to; see <see cref="WhyNotInto"/>.</param>
    /// <param name="routes">The tables of the routes, in the pipeline's order.</param>
    /// <param name="start">Where files are staged and what the table holds.</param>
    /// <param name="stillBad">Sees the records that are still bad, as rows of the dead letters with their new reason.</param>
    public DeadLetterReplay(
        PipelineDefinition pipeline, HudiTable table, ImmutableArray<HudiTable> routes, ReplayStart start, Action<RecordBatch> stillBad)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(stillBad);
        (_pipeline, _ledger, _stillBad) = (pipeline, start.Ledger, stillBad);
        _decoder = new MessageDecoder(pipeline);
        _steps = new StepChain(pipeline, WriteAsync);
        _pipelineName = Encoding.UTF8.GetBytes(pipeline.Name);
        _partitionColumns = [.. pipeline.Table.PartitionBy.Select(pipeline.Schemas.Output.IndexOf)];
        _router = new RowRouter(StepBinding.Routes(pipeline));
        _routeCounts = new long[pipeline.Routes.Length];
        if (start.Staging is not { } staging)
        {
            return;
        }

        var budget = new OpenFileBudget(pipeline.MemoryBudgetBytes / 2);
        TableWriter Writer(HudiTable one, TableDefinition definition) => new(
            one,
            _ => staging,
            new BaseFileOptions { Parquet = definition.Parquet, EventTimeColumn = pipeline.EventTimeColumn },
            0,
            definition.FileBytesMax,
            budget);
        _sink = new HudiSinkWriter(
            Writer(table, pipeline.Table),
            pipeline.Schemas.OffsetIndex,
            _router,
            [.. pipeline.Routes.Zip(routes, (route, one) => new FollowerWriter(route.Table.Path, Writer(one, route.Table)))],
            deadLetters: null);
    }

    /// <summary>Dead letters that were looked at.</summary>
    public long Matched { get; private set; }

    /// <summary>Of these, records of other pipelines, which are left alone.</summary>
    public long OfOtherPipelines { get; private set; }

    /// <summary>Of these, records that are still bad.</summary>
    public long StillBad { get; private set; }

    /// <summary>When nothing is written: rows by the partition of the first table that they would go to.</summary>
    public IReadOnlyDictionary<string, long> Partitions => _partitions;

    /// <summary>When nothing is written: rows that would go to the tables of the routes, in their order.</summary>
    public IReadOnlyList<long> RouteCounts => _routeCounts;

    /// <summary>Why a pipeline cannot write into a table that is to be its first one or a route's, or null when it can.</summary>
    public static string? WhyNotInto(PipelineDefinition pipeline, TableDefinition definition, TableConfig table)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(table);
        TableConfig wanted = PipelineTables.Rows(pipeline, definition);
        return !wanted.Schema.Equals(table.Schema)
                ? $"it makes rows of ({wanted.Schema}), the table has ({table.Schema})"
            : !wanted.PartitionFields.SequenceEqual(table.PartitionFields)
                ? $"it partitions by ({string.Join(", ", wanted.PartitionFields)}), the table by ({string.Join(", ", table.PartitionFields)})"
            : !wanted.RecordKeyFields.SequenceEqual(table.RecordKeyFields)
                ? $"its record key is ({string.Join(", ", wanted.RecordKeyFields)}), the table's ({string.Join(", ", table.RecordKeyFields)})"
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask<ColumnVector> TakeAsync(RecordBatch rows, ColumnVector matches, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(matches);
        bool[] leaving = new bool[rows.RowCount];
        var letters = new Letters(rows);
        int row = 0;
        while (row < rows.RowCount)
        {
            if (!IsWanted(letters, matches, row))
            {
                row++;
                continue;
            }

            int first = row;
            List<int> run = [];
            using RawBatch messages = letters.Begin(first);
            while (row < rows.RowCount && run.Count < RunRecordCountMax && messages.ByteCount < RunBytesMax)
            {
                if (!IsWanted(letters, matches, row))
                {
                    row++;
                }
                else if (letters.Continues(messages, first, row))
                {
                    letters.Add(messages, row);
                    run.Add(row++);
                }
                else
                {
                    break;
                }
            }

            await ReplayAsync(messages, run, leaving, cancellation);
        }

        Count(letters, matches);
        using var answer = new ColumnBuilder(TypeKind.Boolean);
        foreach (bool leaves in leaving)
        {
            answer.Append(leaves);
        }

        return answer.Finish();
    }

    /// <inheritdoc/>
    public async Task<ReplayedRows> CompleteAsync(CancellationToken cancellation)
    {
        SinkPart? part = _sink is null
            ? null
            : CheckpointParts.ReadSink(await _sink.PrepareCommitAsync(new CheckpointId(0), ReadOnlyMemory<byte>.Empty, cancellation));
        (SplitCounts written, SplitCounts routed) = part is null ? (_written, _routed) : (part.Written, part.Routed);
        var counts = ImmutableArray.CreateBuilder<ReplayedCount>();
        foreach ((string split, TopicPartition partition) in _splits.Where(s => _decoded[s.Key] > 0).OrderBy(static s => s.Value))
        {
            long filtered = _decoded[split] - written[split] - routed[split];
            counts.Add(new ReplayedCount(KeyOf(partition), written[split], filtered, routed[split]));
        }

        return new ReplayedRows(part?.Files ?? [], part?.Followers ?? [], counts.ToImmutable());
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _decoder.Dispose();
        _steps.Dispose();
        return _sink?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private bool IsWanted(Letters letters, ColumnVector matches, int row) =>
        matches.IsValid(row) && matches.BooleanAt(row) && letters.IsOf(_pipelineName, row);

    private void Count(Letters letters, ColumnVector matches)
    {
        for (int row = 0; row < matches.Length; row++)
        {
            if (matches.IsValid(row) && matches.BooleanAt(row))
            {
                Matched++;
                OfOtherPipelines += letters.IsOf(_pipelineName, row) ? 0 : 1;
            }
        }
    }

    /// <summary>One run of records of one partition, whose places in the batch are <paramref name="run"/>.</summary>
    private async ValueTask ReplayAsync(RawBatch messages, List<int> run, bool[] leaving, CancellationToken cancellation)
    {
        string split = messages.Partition.ToString();
        _splits[split] = messages.Partition;
        DecodedMessages decoded = _decoder.Decode(messages);
        Mark(messages, run, decoded.DeadLetters, leaving);
        using (decoded.DeadLetters)
        {
            if (decoded.DeadLetters is { } bad)
            {
                StillBad += bad.RowCount;
                _stillBad(bad);
            }
        }

        if (decoded.Rows is { } rows)
        {
            _decoded.Add(split, rows.RowCount);
            await _steps.RunAsync(new DataBatch(rows, split), cancellation);
        }
    }

    /// <summary>Who is not bad leaves. Offsets rise in both, so one walk finds the bad ones.</summary>
    private static void Mark(RawBatch messages, List<int> run, RecordBatch? bad, bool[] leaving)
    {
        int next = 0;
        for (int i = 0; i < run.Count; i++)
        {
            bool isBad = bad is not null && next < bad.RowCount
                && bad.Columns[Letters.Offset].Values<long>()[next] == messages.OffsetAt(i);
            leaving[run[i]] = !isBad;
            next += isBad ? 1 : 0;
        }

        Invariant.Holds(next == (bad?.RowCount ?? 0), "Every bad record is one of those that were decoded.");
    }

    /// <summary>The end of the steps; takes the rows over.</summary>
    private ValueTask WriteAsync(DataBatch batch, CancellationToken cancellation)
    {
        if (_sink is not null)
        {
            return _sink.WriteAsync(batch, cancellation);
        }

        using RecordBatch all = batch.Rows;
        _router.Divide(all);
        for (int route = 0; route < _routeCounts.Length; route++)
        {
            _routeCounts[route] += _router.Counts[route + 1];
            _routed.Add(batch.Split, _router.Counts[route + 1]);
        }

        using RecordBatch rows = _router.Take(all, 0);
        _written.Add(batch.Split, rows.RowCount);
        PartitionRouter.Count(rows, _partitionColumns, _partitions);
        return ValueTask.CompletedTask;
    }

    /// <summary>Dead letters do not know their cluster; the ledger does. Of several, the one that is furthest.</summary>
    private LedgerKey KeyOf(TopicPartition partition)
    {
        KeyValuePair<LedgerKey, LedgerEntry>[] known =
        [
            .. _ledger.Entries.Where(e => e.Key.Pipeline == _pipeline.Name
                && e.Key.Topic == partition.Topic && e.Key.Partition == partition.Partition),
        ];
        return known.Length > 0
            ? known.MaxBy(static e => e.Value.EndOffset).Key
            : throw new InvalidDataException($"There are dead letters of {partition}, of which the table's ledger knows nothing.");
    }

    /// <summary>The columns of a batch of dead letters, behind Hudi's own.</summary>
    private readonly struct Letters(RecordBatch rows)
    {
        internal const int Offset = 2;
        private readonly ImmutableArray<ColumnVector> _columns = rows.Columns[MetaColumns.Count..];

        internal bool IsOf(ReadOnlySpan<byte> pipeline, int row) => _columns[8].BytesAt(row).SequenceEqual(pipeline);

        internal RawBatch Begin(int row) => new(
            new TopicPartition(Encoding.UTF8.GetString(_columns[0].BytesAt(row)), _columns[1].Values<int>()[row]), 64, 1 << 16);

        /// <summary>True for a later record of the same partition.</summary>
        internal bool Continues(RawBatch messages, int first, int row) =>
            _columns[1].Values<int>()[row] == messages.Partition.Partition
            && (messages.Count == 0 || _columns[Offset].Values<long>()[row] > messages.OffsetAt(messages.Count - 1))
            && _columns[0].BytesAt(row).SequenceEqual(_columns[0].BytesAt(first));

        internal void Add(RawBatch messages, int row) => messages.Add(
            _columns[Offset].Values<long>()[row],
            _columns[3].IsValid(row) ? _columns[3].Values<long>()[row] : -1,
            _columns[4].BytesAt(row), !_columns[4].IsValid(row),
            _columns[5].BytesAt(row), !_columns[5].IsValid(row));
    }
}
