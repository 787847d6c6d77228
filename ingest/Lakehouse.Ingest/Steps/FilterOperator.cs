using Lakehouse.Columns;
using Lakehouse.Engine;

namespace Lakehouse.Ingest;

/// <summary>Keeps the rows for which the condition is true, and counts by split the ones that it drops.</summary>
internal sealed class FilterOperator(string text, BoundExpression condition) : IOperator
{
    private readonly SplitCounts _filtered = new();

    public string Name => "filter: " + text;

    public void Open(byte[]? restored)
    {
        // Counts belong to the checkpoint they were taken at; a new run counts from zero.
    }

    public async ValueTask ProcessAsync(DataBatch batch, IOutput output, CancellationToken cancellation)
    {
        if (batch.SideOutput is not null)
        {
            await output.EmitAsync(batch, cancellation);
            return;
        }

        int before = batch.Rows.RowCount;
        RecordBatch kept;
        using (ColumnVector verdicts = condition.Evaluate(batch.Rows))
        {
            kept = RowSelection.Apply(batch.Rows, verdicts);
        }

        _filtered.Add(batch.Split, before - kept.RowCount);
        if (kept.RowCount == 0)
        {
            kept.Dispose();
            return;
        }

        await output.EmitAsync(batch with { Rows = kept }, cancellation);
    }

    public ValueTask OnWatermarkAsync(Watermark watermark, IOutput output, CancellationToken cancellation) => ValueTask.CompletedTask;

    public byte[] Snapshot(CheckpointId checkpoint)
    {
        byte[] counts = _filtered.ToBytes();
        _filtered.Clear();
        return counts;
    }

    public void Dispose()
    {
    }
}
