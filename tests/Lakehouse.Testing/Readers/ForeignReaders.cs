namespace Lakehouse.Testing;

/// <summary>
/// The readers that our tables must satisfy. They come from the shared folder beside the repository and from npm; where one of them
/// cannot be had, the tests that ask for it are skipped and say why.
/// </summary>
public static class ForeignReaders
{
    /// <summary>hudi-rs 0.5 with pyarrow.</summary>
    public static HudiRust HudiRust { get; } = new();

    /// <summary>Hudi's Java code with parquet-java.</summary>
    public static HudiJava HudiJava { get; } = new();

    /// <summary>DuckDB, which knows files, not tables.</summary>
    public static DuckDb DuckDb { get; } = new();

    /// <summary>DuckDB, arrow-rs, Polars and hyparquet on single files.</summary>
    public static NpmReaders Npm { get; } = new();

    /// <summary>All that are asked about tables.</summary>
    public static IReadOnlyList<ForeignReader> All { get; } = [HudiRust, HudiJava, DuckDb];
}
