using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>The footer entries of a merged file. Pure.</summary>
internal static class MergedKeyValues
{
    private const string OriginalCreatedBy = "original.created.by";
    private const string SmallestKey = "hoodie_min_record_key";
    private const string LargestKey = "hoodie_max_record_key";

    /// <summary>
    /// Entries that repeat the schema, which readers would believe where it no longer fits, and Hudi's bloom filter, which covers one file's
    /// keys. Nothing is lost with them.
    /// </summary>
    private static readonly ImmutableHashSet<string> Dropped =
    [
        "ARROW:schema", "parquet.avro.schema", "org.apache.spark.sql.parquet.row.metadata", "pandas", "iceberg.schema",
        "org.apache.hudi.bloomfilter", "hoodie_bloom_filter_type_code",
    ];

    /// <summary>
    /// Those of the inputs, the last one's where they differ; the smallest and largest of Hudi's record keys where all have them; who wrote
    /// the pages, as parquet-java does; and the writer's own, which come first.
    /// </summary>
    internal static ImmutableArray<KeyValue> Of(IReadOnlyList<MergeSource> sources, ImmutableArray<KeyValue> own)
    {
        var entries = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (KeyValue pair in sources.SelectMany(static s => s.MetaData.KeyValueMetadata).Where(static p => !Dropped.Contains(p.Key)))
        {
            entries[pair.Key] = pair.Value;
        }

        Fold(sources, entries, SmallestKey, static (a, b) => string.CompareOrdinal(a, b) <= 0);
        Fold(sources, entries, LargestKey, static (a, b) => string.CompareOrdinal(a, b) >= 0);
        entries[OriginalCreatedBy] = string.Join('\n', sources
            .SelectMany(static s => Values(s, OriginalCreatedBy).SelectMany(static v => v.Split('\n')).Append(s.MetaData.CreatedBy ?? ""))
            .Where(static v => v.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        foreach (KeyValue pair in own)
        {
            entries.Remove(pair.Key);
        }

        return [.. own, .. entries.OrderBy(static e => e.Key, StringComparer.Ordinal).Select(static e => new KeyValue(e.Key, e.Value))];
    }

    private static void Fold(
        IReadOnlyList<MergeSource> sources, Dictionary<string, string?> entries, string key, Func<string, string, bool> isBetter)
    {
        string[] values = [.. sources.Select(s => Values(s, key).LastOrDefault()).OfType<string>()];
        if (values.Length == sources.Count)
        {
            entries[key] = values.Aggregate((a, b) => isBetter(a, b) ? a : b);
        }
        else
        {
            entries.Remove(key);
        }
    }

    private static IEnumerable<string> Values(MergeSource source, string key) =>
        source.MetaData.KeyValueMetadata.Where(p => p.Key == key).Select(static p => p.Value).OfType<string>();
}
