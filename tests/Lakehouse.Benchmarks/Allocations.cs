namespace Lakehouse.Benchmarks;

/// <summary>A batch costs the same few objects however many rows it has: the larger the batches, the fewer bytes a record.</summary>
internal static class Allocations
{
    internal static string[] Row(int batchRowCount, int rowCount, long byteCount)
    {
        int batchCount = (rowCount + batchRowCount - 1) / batchRowCount;
        return
        [
            $"batches of {batchRowCount} rows", $"{batchCount}", $"{(double)byteCount / batchCount:F0}",
            $"{(double)byteCount / rowCount:F3}",
        ];
    }
}
