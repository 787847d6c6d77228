using System.Text.Json;

namespace Lakehouse.Hudi;

/// <summary>The JSON of what a file is merged from, as outcomes carry it.</summary>
internal static class MergedFileJson
{
    internal static void Write(Utf8JsonWriter json, MergedFile merged)
    {
        json.WriteStartObject();
        json.WriteArray("inputs", merged.Inputs, static (json, input) =>
        {
            json.WriteStartObject();
            json.WriteString("partitionPath", input.PartitionPath);
            json.WriteString("fileId", input.FileId);
            json.WriteString("path", input.Path);
            json.WriteNumber("byteCount", input.ByteCount);
            json.WriteNumber("rowCount", input.RowCount);
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    internal static MergedFile Read(JsonElement json) => new(
    [
        .. json.GetProperty("inputs").EnumerateArray().Select(static i =>
            new MergedSlice(i.Text("partitionPath"), i.Text("fileId"), i.Text("path"), i.Long("byteCount"), i.Long("rowCount"))),
    ]);
}
