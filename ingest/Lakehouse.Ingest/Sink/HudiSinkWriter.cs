using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;

namespace Lakehouse.Ingest;

/// <summary>
/// The end of one subtask: rows to the table's open files, dead letters to those of their own table. Files are encoded while data arrives;
/// the barrier only closes them.
/// </summary>
internal sealed class HudiSinkWriter(TableWriter rows, int offsetIndex, TableWriter? deadLetters, string? deadLettersPath) : ISinkWriter
{
    private static readonly int DeadLetterOffsetIndex = PipelineSchemas.DeadLetters.IndexOf(PipelineSchemas.KeptOffset);
    private readonly SplitCounts _written = new();
    private readonly SplitCounts _deadLettered = new();

    public ValueTask WriteAsync(DataBatch batch, CancellationToken cancellation)
    {
        switch (batch.SideOutput)
        {
            case null:
                _written.Add(batch.Split, batch.Rows.RowCount);
                return rows.WriteAsync(batch.Rows, batch.Split, offsetIndex, cancellation);
            case KafkaSource.DeadLetters when deadLetters is not null:
                _deadLettered.Add(batch.Split, batch.Rows.RowCount);
                return deadLetters.WriteAsync(batch.Rows, batch.Split, DeadLetterOffsetIndex, cancellation);
            default:
                throw new InvalidOperationException($"Nothing takes the side output '{batch.SideOutput}'.");
        }
    }

    public async ValueTask<byte[]> PrepareCommitAsync(
        CheckpointId checkpoint, ReadOnlyMemory<byte> sourceSnapshot, CancellationToken cancellation)
    {
        ImmutableArray<StagedFile> files = await rows.CompleteAsync(cancellation);
        ImmutableArray<StagedFile> aside = deadLetters is null ? [] : await deadLetters.CompleteAsync(cancellation);
        FollowerTable? follower = aside.IsEmpty || deadLettersPath is null ? null : new FollowerTable(deadLettersPath, aside);
        byte[] part = CheckpointParts.Sink(files, follower, _written, _deadLettered, checkpoint);
        _written.Clear();
        _deadLettered.Clear();
        return part;
    }

    public ValueTask DisposeAsync()
    {
        rows.Dispose();
        deadLetters?.Dispose();
        return ValueTask.CompletedTask;
    }
}
