namespace Lakehouse.Parquet;

/// <summary>What some versions of other writers did wrong, told by the name that they left in the footer.</summary>
internal static class WriterQuirks
{
    private const string ParquetMr = "parquet-mr";

    /// <summary>parquet-mr up to 1.2.8 does not count the header of the dictionary page into the chunk's size (PARQUET-816).</summary>
    internal static bool LeavesOutDictionaryHeader(string? createdBy)
    {
        if (createdBy is null || !createdBy.StartsWith(ParquetMr, StringComparison.Ordinal))
        {
            return false;
        }

        const string Mark = " version ";
        int at = createdBy.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0)
        {
            return createdBy.Trim() == ParquetMr;
        }

        string text = string.Concat(createdBy[(at + Mark.Length)..].TakeWhile(static c => char.IsAsciiDigit(c) || c == '.'));
        return Version.TryParse(text, out Version? version) && version < new Version(1, 2, 9);
    }
}
