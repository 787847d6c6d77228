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
}
