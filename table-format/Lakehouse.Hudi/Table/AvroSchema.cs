using System.Globalization;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// The table schema as Avro JSON, without meta columns. What may be null is <c>["null", T]</c> with default null. Every decimal is a
/// <c>fixed</c> and every struct a <c>record</c> of its own full name, written where it is used: hudi-rs cannot follow references to named
/// types.
/// </summary>
internal static class AvroSchema
{
    internal static string Write(string table, Schema schema) => Encoding.UTF8.GetString(JsonForm.Write(json =>
        WriteRecord(json, table + "_record", "hoodie." + table, schema.Fields)));

    internal static Schema Read(string avro, string what) => JsonForm.Read(Encoding.UTF8.GetBytes(avro), what, static json =>
        new Schema([.. json.GetProperty("fields").EnumerateArray().Select(ReadField)]));

    /// <summary>A record, whose fields' own named types live in the namespace of its full name.</summary>
    private static void WriteRecord(Utf8JsonWriter json, string name, string space, IEnumerable<Field> fields)
    {
        json.WriteStartObject();
        json.WriteString("type", "record");
        json.WriteString("name", name);
        json.WriteString("namespace", space);
        json.WriteArray("fields", fields, (json, field) =>
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            json.WritePropertyName("type");
            WriteNullable(json, $"{space}.{name}.{field.Name}", field);
            if (!field.Required)
            {
                json.WriteNull("default");
            }

            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static void WriteNullable(Utf8JsonWriter json, string space, Field field)
    {
        if (field.Required)
        {
            WriteType(json, space, field.Type);
            return;
        }

        json.WriteStartArray();
        json.WriteStringValue("null");
        WriteType(json, space, field.Type);
        json.WriteEndArray();
    }

    private static void WriteType(Utf8JsonWriter json, string space, ColumnType type)
    {
        switch (type.Kind)
        {
            case TypeKind.Struct:
                WriteRecord(json, "record", space, type.Children);
                break;
            case TypeKind.List:
                WriteContainer(json, "array", "items", space, type.Children[0]);
                break;
            case TypeKind.Map:
                WriteContainer(json, "map", "values", space, type.Children[1]);
                break;
            case TypeKind.Date:
                WriteLogical(json, "int", "date");
                break;
            case TypeKind.TimeMillis:
                WriteLogical(json, "int", "time-millis");
                break;
            case TypeKind.TimeMicros:
                WriteLogical(json, "long", "time-micros");
                break;
            case TypeKind.TimestampMillis:
                WriteLogical(json, "long", "timestamp-millis");
                break;
            case TypeKind.TimestampMicros:
                WriteLogical(json, "long", "timestamp-micros");
                break;
            case TypeKind.Decimal:
                json.WriteStartObject();
                json.WriteString("type", "fixed");
                json.WriteString("name", "fixed");
                json.WriteString("namespace", space);
                json.WriteNumber("size", Decimals.ByteCount(type.Precision));
                json.WriteString("logicalType", "decimal");
                json.WriteNumber("precision", type.Precision);
                json.WriteNumber("scale", type.Scale);
                json.WriteEndObject();
                break;
            case TypeKind.Binary:
                json.WriteStringValue("bytes");
                break;
            default:
                json.WriteStringValue(type.ToString());
                break;
        }
    }

    private static void WriteContainer(Utf8JsonWriter json, string type, string key, string space, Field inner)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WritePropertyName(key);
        WriteNullable(json, $"{space}.{key}", inner);
        json.WriteEndObject();
    }

    private static void WriteLogical(Utf8JsonWriter json, string type, string logicalType)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("logicalType", logicalType);
        json.WriteEndObject();
    }

    private static Field ReadField(JsonElement json)
    {
        string name = json.Text("name");
        (ColumnType type, bool required) = ReadNullable(name, json.GetProperty("type"));
        return new Field(name, type, required);
    }

    private static (ColumnType Type, bool Required) ReadNullable(string name, JsonElement type)
    {
        if (type.ValueKind != JsonValueKind.Array)
        {
            return (ReadType(name, type), true);
        }

        JsonElement[] union = [.. type.EnumerateArray()];
        return union.Length == 2 && union[0].ValueKind == JsonValueKind.String && union[0].GetString() == "null"
            ? (ReadType(name, union[1]), false)
            : throw new FormatException($"column '{name}' has a union other than [\"null\", type]");
    }

    private static ColumnType ReadContainer(string name, JsonElement inner, Func<ColumnType, bool, ColumnType> container)
    {
        (ColumnType type, bool required) = ReadNullable(name, inner);
        return container(type, required);
    }

    private static ColumnType ReadType(string column, JsonElement type)
    {
        string? plain = type.ValueKind == JsonValueKind.String ? type.GetString() : type.Text("type");
        string? logical = type.ValueKind == JsonValueKind.String ? null : type.TextOrNull("logicalType");
        return (plain, logical) switch
        {
            ("record", null) => ColumnType.Struct([.. type.GetProperty("fields").EnumerateArray().Select(ReadField)]),
            ("array", null) => ReadContainer(column, type.GetProperty("items"), static (t, r) => ColumnType.List(t, r)),
            ("map", null) => ReadContainer(column, type.GetProperty("values"), static (t, r) => ColumnType.Map(TypeKind.String, t, r)),
            ("boolean", null) => TypeKind.Boolean,
            ("int", null) => TypeKind.Int,
            ("long", null) => TypeKind.Long,
            ("float", null) => TypeKind.Float,
            ("double", null) => TypeKind.Double,
            ("string", null) => TypeKind.String,
            ("bytes", null) => TypeKind.Binary,
            ("int", "date") => TypeKind.Date,
            ("int", "time-millis") => TypeKind.TimeMillis,
            ("long", "time-micros") => TypeKind.TimeMicros,
            ("long", "timestamp-millis") => TypeKind.TimestampMillis,
            ("long", "timestamp-micros") => TypeKind.TimestampMicros,
            ("fixed" or "bytes", "decimal") => ColumnType.Decimal(
                type.GetProperty("precision").GetInt32(),
                type.TryGetProperty("scale", out JsonElement scale) ? scale.GetInt32() : 0),
            _ => throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                $"column '{column}' has the Avro type {type.GetRawText()}, which is not supported")),
        };
    }
}
