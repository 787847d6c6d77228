using System.Collections.Immutable;
using System.Text.Json;

namespace Lakehouse.Hudi;

/// <summary>
/// The JSON of a completed instant, field for field as Hudi 0.x writes it: readers in Java and Rust refuse nulls in
/// <c>extraMetadata</c>, texts for counters, and a replacecommit without <c>partitionToReplaceFileIds</c>.
/// </summary>
internal static class CommitMetadataJson
{
    internal static void Write(Utf8JsonWriter json, CommitMetadata commit)
    {
        json.WriteStartObject();
        json.WriteStartObject("partitionToWriteStats");
        foreach ((string partition, ImmutableArray<WriteStat> stats) in commit.PartitionToWriteStats)
        {
            json.WriteArray(partition, stats, WriteStat);
        }

        json.WriteEndObject();
        json.WriteBoolean("compacted", false);
        json.WriteStartObject("extraMetadata");
        foreach ((string key, string text) in commit.ExtraMetadata)
        {
            json.WriteString(key, text);
        }

        json.WriteEndObject();
        json.WriteString("operationType", commit.OperationType);
        if (commit.PartitionToReplaceFileIds is { } replaced)
        {
            json.WriteStartObject("partitionToReplaceFileIds");
            foreach ((string partition, ImmutableArray<string> fileIds) in replaced)
            {
                json.WriteArray(partition, fileIds, static (json, fileId) => json.WriteStringValue(fileId));
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    internal static CommitMetadata Read(JsonElement json) => new()
    {
        OperationType = json.TextOrNull("operationType") ?? "UNKNOWN",
        PartitionToWriteStats = ReadMap(json, "partitionToWriteStats", ReadStat)
            ?? ImmutableSortedDictionary<string, ImmutableArray<WriteStat>>.Empty,
        ExtraMetadata = json.TryGetProperty("extraMetadata", out JsonElement extra) && extra.ValueKind == JsonValueKind.Object
            ? extra.EnumerateObject()
                .ToImmutableSortedDictionary(static p => p.Name, static p => p.Value.GetString() ?? "", StringComparer.Ordinal)
            : ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal),
        PartitionToReplaceFileIds = ReadMap(
            json, "partitionToReplaceFileIds", static e => e.GetString() ?? throw new FormatException("a file id is null")),
    };

    private static void WriteStat(Utf8JsonWriter json, WriteStat stat)
    {
        json.WriteStartObject();
        json.WriteString("fileId", stat.FileId);
        json.WriteString("path", stat.Path);
        json.WriteNull("cdcStats");
        // < The text "null", not a null: this is how Hudi says that the file group is new.
        json.WriteString("prevCommit", "null");
        json.WriteNumber("numWrites", stat.RowCount);
        json.WriteNumber("numDeletes", 0);
        json.WriteNumber("numUpdateWrites", 0);
        json.WriteNumber("numInserts", stat.RowCount);
        json.WriteNumber("totalWriteBytes", stat.ByteCount);
        json.WriteNumber("totalWriteErrors", 0);
        json.WriteNull("tempPath");
        json.WriteString("partitionPath", stat.PartitionPath);
        json.WriteNumber("totalLogRecords", 0);
        json.WriteNumber("totalLogFilesCompacted", 0);
        json.WriteNumber("totalLogSizeCompacted", 0);
        json.WriteNumber("totalUpdatedRecordsCompacted", 0);
        json.WriteNumber("totalLogBlocks", 0);
        json.WriteNumber("totalCorruptLogBlock", 0);
        json.WriteNumber("totalRollbackBlocks", 0);
        json.WriteNumber("fileSizeInBytes", stat.ByteCount);
        json.WriteNullable("minEventTime", stat.MinEventTimeMillis);
        json.WriteNullable("maxEventTime", stat.MaxEventTimeMillis);
        json.WriteNull("runtimeStats");
        json.WriteEndObject();
    }

    private static WriteStat ReadStat(JsonElement json) => new(
        json.TextOrNull("fileId") ?? "",
        json.TextOrNull("path") ?? "",
        json.TextOrNull("partitionPath") ?? "",
        json.LongOrNull("numWrites") ?? -1,
        json.LongOrNull("fileSizeInBytes") ?? -1,
        json.LongOrNull("minEventTime"),
        json.LongOrNull("maxEventTime"));

    private static ImmutableSortedDictionary<string, ImmutableArray<T>>? ReadMap<T>(
        JsonElement json, string name, Func<JsonElement, T> item) =>
        json.TryGetProperty(name, out JsonElement map) && map.ValueKind == JsonValueKind.Object
            ? map.EnumerateObject().ToImmutableSortedDictionary(
                static p => p.Name,
                p => p.Value.EnumerateArray().Select(item).ToImmutableArray(),
                StringComparer.Ordinal)
            : null;
}
