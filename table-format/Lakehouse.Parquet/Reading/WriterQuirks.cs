namespace Lakehouse.Parquet;

/// <summary>What some versions of other writers did wrong, told by the name that they left in the footer.</summary>
internal static class WriterQuirks
{
    private const string ParquetMr = "parquet-mr";

    /// <summary>Writers of whose pages none is known to be wrong.</summary>
    private static readonly string[] Sound = ["Lakehouse", "parquet-rs", "DuckDB", "Polars", "Trino", "parquet-mr-trino"];

    /// <summary>parquet-mr up to 1.2.8 does not count the header of the dictionary page into the chunk's size (PARQUET-816).</summary>
    internal static bool LeavesOutDictionaryHeader(string? createdBy) =>
        createdBy is not null && createdBy.StartsWith(ParquetMr, StringComparison.Ordinal)
        && (VersionOf(createdBy) is { } version ? version < new Version(1, 2, 9) : createdBy.Trim() == ParquetMr);

    /// <summary>
    /// Whether pages may be moved into another file, where readers do not see any more who wrote them: not those of parquet-mr before 1.10
    /// (PARQUET-246, PARQUET-251), of parquet-cpp-arrow before 3 (ARROW-10353), nor of writers that are not known.
    /// </summary>
    internal static bool KeepsPages(string? createdBy)
    {
        string name = createdBy?.Split(' ')[0] ?? "";
        return name switch
        {
            ParquetMr => VersionOf(createdBy!) >= new Version(1, 10),
            "parquet-cpp-arrow" => VersionOf(createdBy!) >= new Version(3, 0),
            _ => Sound.Contains(name, StringComparer.Ordinal),
        };
    }

    private static Version? VersionOf(string createdBy)
    {
        const string Mark = " version ";
        int at = createdBy.IndexOf(Mark, StringComparison.Ordinal);
        string text = at < 0 ? "" : string.Concat(createdBy[(at + Mark.Length)..].TakeWhile(static c => char.IsAsciiDigit(c) || c == '.'));
        return Version.TryParse(text, out Version? version) ? version : null;
    }
}
