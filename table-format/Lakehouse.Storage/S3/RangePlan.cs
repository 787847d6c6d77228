namespace Lakehouse.Storage;

/// <summary>One request that fills several ranges: the bytes from <paramref name="Offset"/> on, and which ranges lie in them.</summary>
internal sealed record CoalescedRead(long Offset, int Length, IReadOnlyList<ReadRange> Ranges);

/// <summary>
/// Puts ranges together that lie close to each other: a request costs more than some bytes that nobody asked for. Pure.
/// </summary>
internal static class RangePlan
{
    /// <summary>The largest hole that is read along.</summary>
    internal const int HoleBytesMax = 256 << 10;

    /// <summary>The largest read that is put together.</summary>
    internal const int ReadBytesMax = 8 << 20;

    internal static List<CoalescedRead> Make(IReadOnlyList<ReadRange> ranges)
    {
        List<CoalescedRead> reads = [];
        List<ReadRange> open = [];
        long end = 0;
        foreach (ReadRange range in ranges.OrderBy(static r => r.Offset))
        {
            if (open.Count > 0 && (range.Offset - end > HoleBytesMax || range.End - open[0].Offset > ReadBytesMax))
            {
                Close();
            }

            open.Add(range);
            end = Math.Max(end, range.End);
        }

        Close();
        return reads;

        void Close()
        {
            if (open.Count > 0)
            {
                reads.Add(new CoalescedRead(open[0].Offset, (int)(end - open[0].Offset), [.. open]));
                open.Clear();
                end = 0;
            }
        }
    }
}
