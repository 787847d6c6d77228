namespace Lakehouse.Storage;

/// <summary>One part of a copy: bytes that the store copies itself, or that go through this process because they hold a patch.</summary>
internal readonly record struct CopyPart(long Offset, long Length, bool IsPatched);

/// <summary>
/// How a large object is copied with some bytes changed. Pure. From the front:
/// 1. Where no patch lies within the next <see cref="PartBytesMin"/>, everything up to the next patch is copied by the store.
/// 2. Otherwise a part of <see cref="PartBytesMin"/> is read, patched and uploaded.
/// Every part but the last has at least <see cref="PartBytesMin"/> bytes, as S3 demands.
/// </summary>
internal static class PatchedCopyPlan
{
    /// <summary>The smallest part that may have another behind it.</summary>
    internal const int PartBytesMin = 5 << 20;

    /// <summary>Up to this size an object is read and put again: two requests instead of six.</summary>
    internal const int WholeBytesMax = 16 << 20;

    /// <summary>The largest part that one request copies; several are copied at a time.</summary>
    internal const long CopiedBytesMax = 256L << 20;

    internal static List<CopyPart> Make(long size, IReadOnlyList<Patch> patches)
    {
        List<CopyPart> parts = [];
        int next = 0;
        long at = 0;
        while (at < size)
        {
            while (next < patches.Count && patches[next].Offset + patches[next].Bytes.Length <= at)
            {
                next++;
            }

            long clean = next < patches.Count ? Math.Max(patches[next].Offset, at) : size;
            if (clean - at >= PartBytesMin || clean == size)
            {
                AddCopied(parts, at, clean);
                at = clean;
            }
            else
            {
                long length = Math.Min(PartBytesMin, size - at);
                parts.Add(new CopyPart(at, length, IsPatched: true));
                at += length;
            }
        }

        return parts;
    }

    /// <summary>Copies in equal pieces, so that none of them is too small.</summary>
    private static void AddCopied(List<CopyPart> parts, long from, long to)
    {
        long pieces = (to - from + CopiedBytesMax - 1) / CopiedBytesMax;
        for (long i = 0; i < pieces; i++)
        {
            long begin = from + ((to - from) * i / pieces);
            long end = from + ((to - from) * (i + 1) / pieces);
            parts.Add(new CopyPart(begin, end - begin, IsPatched: false));
        }
    }
}
