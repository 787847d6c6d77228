using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>The open files of a table that follows the first one, and where that table is.</summary>
internal sealed record FollowerWriter(string Location, TableWriter Files);

/// <summary>
/// The end of one subtask: rows to the open files of the first table or of a route's, dead letters to those of their own. Files are encoded
/// while data arrives; the barrier only closes them.
/// </summary>
/// <param name="rows">The first table's files.</param>
/// <param name="offsetIndex">Which column holds the offset.</param>
/// <param name="router">Which rows go to which route.</param>
/// <param name="routes">The files of the routes, in the order of the router's conditions.</param>
/// <param name="deadLetters">The files of the dead letters, or null when nobody keeps them.</param>
internal sealed class HudiSinkWriter(
    TableWriter rows, int offsetIndex, RowRouter router, ImmutableArray<FollowerWriter> routes, FollowerWriter? deadLetters) : ISinkWriter
{
    private static readonly int DeadLetterOffsetIndex = PipelineSchemas.DeadLetters.IndexOf(PipelineSchemas.KeptOffset);
    private readonly SplitCounts _written = new();
    private readonly SplitCounts _deadLettered = new();
    private readonly SplitCounts _routed = new();

    public ValueTask WriteAsync(DataBatch batch, CancellationToken cancellation)
    {
        switch (batch.SideOutput)
        {
            case null when routes.IsEmpty:
                _written.Add(batch.Split, batch.Rows.RowCount);
                return rows.WriteAsync(batch.Rows, batch.Split, offsetIndex, cancellation);
            case null:
                return DivideAsync(batch.Rows, batch.Split, cancellation);
            case KafkaSource.DeadLetters when deadLetters is not null:
                _deadLettered.Add(batch.Split, batch.Rows.RowCount);
                return deadLetters.Files.WriteAsync(batch.Rows, batch.Split, DeadLetterOffsetIndex, cancellation);
            default:
                throw new InvalidOperationException($"Nothing takes the side output '{batch.SideOutput}'.");
        }
    }

    public async ValueTask<byte[]> PrepareCommitAsync(
        CheckpointId checkpoint, ReadOnlyMemory<byte> sourceSnapshot, CancellationToken cancellation)
    {
        ImmutableArray<StagedFile> files = await rows.CompleteAsync(cancellation);
        var followers = ImmutableArray.CreateBuilder<FollowerTable>();
        foreach (FollowerWriter route in routes)
        {
            followers.Add(new FollowerTable(route.Location, await route.Files.CompleteAsync(cancellation)) { Kind = FollowerKind.Route });
        }

        if (deadLetters is not null)
        {
            followers.Add(new FollowerTable(deadLetters.Location, await deadLetters.Files.CompleteAsync(cancellation)));
        }

        var part = new SinkPart(files, [.. followers.Where(static f => !f.Files.IsEmpty)], _written, _deadLettered, _routed);
        byte[] bytes = CheckpointParts.Sink(part, checkpoint);
        _written.Clear();
        _deadLettered.Clear();
        _routed.Clear();
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        await rows.DisposeAsync();
        foreach (FollowerWriter route in routes)
        {
            await route.Files.DisposeAsync();
        }

        if (deadLetters is not null)
        {
            await deadLetters.Files.DisposeAsync();
        }
    }

    /// <summary>A batch that goes to one table whole is handed on as it is.</summary>
    private async ValueTask DivideAsync(RecordBatch batch, string split, CancellationToken cancellation)
    {
        router.Divide(batch);
        for (int target = 0; target <= routes.Length; target++)
        {
            int count = router.Counts[target];
            if (count == 0)
            {
                continue;
            }

            (target == 0 ? _written : _routed).Add(split, count);
            TableWriter files = target == 0 ? rows : routes[target - 1].Files;
            if (count == batch.RowCount)
            {
                await files.WriteAsync(batch, split, offsetIndex, cancellation);
                return;
            }

            await files.WriteAsync(router.Take(batch, target), split, offsetIndex, cancellation);
        }

        batch.Dispose();
    }
}
