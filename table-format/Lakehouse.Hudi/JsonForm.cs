using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lakehouse.Hudi;

/// <summary>The one way JSON is written and read here: compact UTF-8, strict types, errors that name the document.</summary>
internal static class JsonForm
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static byte[] Write(Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            body(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Parses a document; whatever does not fit becomes an <see cref="InvalidDataException"/> that names it.</summary>
    internal static T Read<T>(ReadOnlyMemory<byte> utf8, string what, Func<JsonElement, T> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            return body(document.RootElement);
        }
        catch (Exception e) when (
            e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"{what} cannot be read: {e.Message}", e);
        }
    }

    internal static string Text(this JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");

    internal static string? TextOrNull(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    internal static long Long(this JsonElement element, string name) => element.GetProperty(name).GetInt64();

    internal static long? LongOrNull(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetInt64() : null;

    internal static void WriteNullable(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    internal static void WriteArray<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> item)
    {
        json.WriteStartArray(name);
        foreach (T one in items)
        {
            item(json, one);
        }

        json.WriteEndArray();
    }
}
