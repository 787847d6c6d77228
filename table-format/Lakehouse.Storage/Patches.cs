namespace Lakehouse.Storage;

/// <summary>The rule that patches of a copy obey, held in one place for all stores.</summary>
internal static class Patches
{
    /// <summary>Throws unless the patches ascend, do not overlap and lie within <paramref name="length"/> bytes.</summary>
    internal static void Check(IReadOnlyList<Patch> patches, long length)
    {
        long end = 0;
        foreach (Patch patch in patches)
        {
            if (patch.Offset < end || patch.Bytes.Length > length - patch.Offset)
            {
                throw new ArgumentException(FormattableString.Invariant(
                    $"A patch of {patch.Bytes.Length} bytes at {patch.Offset} overlaps the one before it or leaves the {length} bytes."),
                    nameof(patches));
            }

            end = patch.Offset + patch.Bytes.Length;
        }
    }

    /// <summary>Writes the patches, or what of them lies there, into bytes that stand at <paramref name="offset"/> of the object.</summary>
    internal static void Apply(IReadOnlyList<Patch> patches, Span<byte> bytes, long offset)
    {
        foreach (Patch patch in patches)
        {
            long from = Math.Max(patch.Offset, offset);
            long to = Math.Min(patch.Offset + patch.Bytes.Length, offset + bytes.Length);
            if (from < to)
            {
                patch.Bytes.Span[(int)(from - patch.Offset)..(int)(to - patch.Offset)].CopyTo(bytes[(int)(from - offset)..]);
            }
        }
    }
}
