using Lakehouse.Columns;
using Lakehouse.Engine;

namespace Lakehouse.Ingest;

/// <summary>Adds a column computed from the others: the last one of the longer schema.</summary>
internal sealed class DeriveOperator(Schema longer, string text, BoundExpression expression) : IOperator
{
    private static readonly byte[] NothingDropped = new SplitCounts().ToBytes();

    public string Name => $"derive {longer[^1].Name}: {text}";

    public void Open(byte[]? restored)
    {
        // It has no state.
    }

    public ValueTask ProcessAsync(DataBatch batch, IOutput output, CancellationToken cancellation)
    {
        if (batch.SideOutput is not null)
        {
            return output.EmitAsync(batch, cancellation);
        }

        RecordBatch rows = batch.Rows.Append(longer, expression.Evaluate(batch.Rows));
        return output.EmitAsync(batch with { Rows = rows }, cancellation);
    }

    public ValueTask OnWatermarkAsync(Watermark watermark, IOutput output, CancellationToken cancellation) => ValueTask.CompletedTask;

    public byte[] Snapshot(CheckpointId checkpoint) => NothingDropped;

    public void Dispose()
    {
    }
}
