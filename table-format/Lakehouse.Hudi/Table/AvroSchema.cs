using System.Globalization;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// The table schema as Avro JSON, without meta columns. A column that may be null is <c>["null", T]</c> with default null. Every decimal
/// is a <c>fixed</c> of its own full name, written where it is used: hudi-rs cannot follow references to named types.
/// </summary>
internal static class AvroSchema
{
    internal static string Write(string table, Schema schema) => Encoding.UTF8.GetString(JsonForm.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("type", "record");
        json.WriteString("name", table + "_record");
        json.WriteString("namespace", "hoodie." + table);
        json.WriteArray("fields", schema.Fields, (json, field) =>
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            json.WritePropertyName("type");
            if (field.Required)
            {
                WriteType(json, table, field);
            }
            else
            {
                json.WriteStartArray();
                json.WriteStringValue("null");
                WriteType(json, table, field);
                json.WriteEndArray();
                json.WriteNull("default");
            }

            json.WriteEndObject();
        });
        json.WriteEndObject();
    }));

    internal static Schema Read(string avro, string what) => JsonForm.Read(Encoding.UTF8.GetBytes(avro), what, static json =>
        new Schema([.. json.GetProperty("fields").EnumerateArray().Select(ReadField)]));

    private static void WriteType(Utf8JsonWriter json, string table, Field field)
    {
        switch (field.Type.Kind)
        {
            case TypeKind.Date:
                WriteLogical(json, "int", "date");
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
                json.WriteString("namespace", $"hoodie.{table}.{table}_record.{field.Name}");
                json.WriteNumber("size", Decimals.ByteCount(field.Type.Precision));
                json.WriteString("logicalType", "decimal");
                json.WriteNumber("precision", field.Type.Precision);
                json.WriteNumber("scale", field.Type.Scale);
                json.WriteEndObject();
                break;
            case TypeKind.Binary:
                json.WriteStringValue("bytes");
                break;
            default:
                json.WriteStringValue(field.Type.ToString());
                break;
        }
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
        JsonElement type = json.GetProperty("type");
        if (type.ValueKind != JsonValueKind.Array)
        {
            return new Field(name, ReadType(name, type), Required: true);
        }

        JsonElement[] union = [.. type.EnumerateArray()];
        return union.Length == 2 && union[0].ValueKind == JsonValueKind.String && union[0].GetString() == "null"
            ? new Field(name, ReadType(name, union[1]))
            : throw new FormatException($"column '{name}' has a union other than [\"null\", type]");
    }

    private static ColumnType ReadType(string column, JsonElement type)
    {
        string? plain = type.ValueKind == JsonValueKind.String ? type.GetString() : type.Text("type");
        string? logical = type.ValueKind == JsonValueKind.String ? null : type.TextOrNull("logicalType");
        return (plain, logical) switch
        {
            ("boolean", null) => TypeKind.Boolean,
            ("int", null) => TypeKind.Int,
            ("long", null) => TypeKind.Long,
            ("float", null) => TypeKind.Float,
            ("double", null) => TypeKind.Double,
            ("string", null) => TypeKind.String,
            ("bytes", null) => TypeKind.Binary,
            ("int", "date") => TypeKind.Date,
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
