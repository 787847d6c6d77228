using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// Divides the rows of a batch between tables: a row belongs to the first route whose condition is true for it, target 1 and on, or, when
/// none is, to the first table, target 0. What it knows is about the batch divided last; nothing is allocated per row. Not thread safe.
/// </summary>
internal sealed class RowRouter(IReadOnlyList<BoundExpression> conditions)
{
    private readonly byte[][] _rows = [.. Enumerable.Range(0, conditions.Count + 1).Select(static _ => Array.Empty<byte>())];
    private readonly int[] _counts = new int[conditions.Count + 1];

    /// <summary>How many of the rows belong to each target.</summary>
    internal ReadOnlySpan<int> Counts => _counts;

    /// <summary>Looks at a batch, which stays the caller's.</summary>
    internal void Divide(RecordBatch batch)
    {
        int byteCount = Bitmap.ByteCount(batch.RowCount);
        if (_rows[0].Length < byteCount)
        {
            for (int target = 0; target < _rows.Length; target++)
            {
                _rows[target] = new byte[2 * byteCount];
            }
        }

        Span<byte> left = _rows[0].AsSpan(0, byteCount);
        left.Fill(0xFF);
        _counts.AsSpan().Clear();
        int leftCount = batch.RowCount;
        for (int route = 0; route < conditions.Count && leftCount > 0; route++)
        {
            using ColumnVector verdicts = conditions[route].Evaluate(batch);
            Span<byte> taken = _rows[route + 1].AsSpan(0, byteCount);
            MoveOnes(verdicts.Bytes[..byteCount], left, taken);
            _counts[route + 1] = Bitmap.CountOnes(taken, batch.RowCount);
            leftCount -= _counts[route + 1];
        }

        _counts[0] = leftCount;
    }

    /// <summary>The rows of a target as a new batch; the one that was divided stays the caller's.</summary>
    internal RecordBatch Take(RecordBatch batch, int target) => RowSelection.TakeOnes(batch, _rows[target], _counts[target]);

    /// <summary>A null's bit is zero, so the value bits alone decide.</summary>
    private static void MoveOnes(ReadOnlySpan<byte> verdicts, Span<byte> left, Span<byte> taken)
    {
        for (int i = 0; i < verdicts.Length; i++)
        {
            taken[i] = (byte)(verdicts[i] & left[i]);
            left[i] &= (byte)~verdicts[i];
        }
    }
}
