using Lakehouse.Testing;

namespace Lakehouse.Fuzz;

/// <summary>The Parquet files that mutations start from.</summary>
public static class FuzzCorpus
{
    /// <summary>The corpora beside the repository, or null.</summary>
    public static string? DefaultFolder => Surroundings.Shared("corpus");

    /// <summary>Every Parquet file below a folder, in the order of their names.</summary>
    public static IReadOnlyList<byte[]> Load(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Where(static f => new FileInfo(f).Length is >= 12 and < 1 << 20)
            .Select(File.ReadAllBytes),
    ];
}
