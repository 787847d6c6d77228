using Lakehouse.Columns;
using Lakehouse.Engine;

namespace Lakehouse.Ingest;

/// <summary>Adds a column computed from the others.</summary>
internal sealed class DeriveOperator(string column, string text, BoundExpression expression) : IOperator
{
    private static readonly byte[] NothingDropped = new SplitCounts().ToBytes();
    private readonly Field _field = new(column, expression.Type);

    public string Name => $"derive {column}: {text}";

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

        RecordBatch rows = batch.Rows.Append(_field, expression.Evaluate(batch.Rows));
        return output.EmitAsync(batch with { Rows = rows }, cancellation);
    }

    public ValueTask OnWatermarkAsync(Watermark watermark, IOutput output, CancellationToken cancellation) => ValueTask.CompletedTask;

    public byte[] Snapshot(CheckpointId checkpoint) => NothingDropped;

    public void Dispose()
    {
    }
}
