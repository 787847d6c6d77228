using System.Buffers.Binary;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary>A column chunk as <c>parquet meta</c> shows it.</summary>
internal sealed record ChunkFacts(
    int RowGroup,
    string Column,
    string Type,
    IReadOnlyList<string> Encodings,
    string Codec,
    long ValueCount,
    long? NullCount,
    long CompressedByteCount,
    long UncompressedByteCount,
    object? Min,
    object? Max,
    bool HasColumnIndex,
    bool HasOffsetIndex,
    IReadOnlyList<ChunkPage> Pages)
{
    /// <summary>Gathers the facts of a chunk.</summary>
    internal static ChunkFacts Of(int rowGroup, ColumnChunk chunk, FileMetaData file, IReadOnlyList<PageFacts> pages)
    {
        ColumnMetaData meta = chunk.MetaData;
        string name = string.Join('.', meta.PathInSchema);
        SchemaElement? leaf = file.Schema.FirstOrDefault(e => e.Type is not null && e.Name == meta.PathInSchema[^1]);
        return new ChunkFacts(
            rowGroup,
            name,
            TypeText(meta, leaf),
            [.. meta.Encodings.Select(e => e.ToString())],
            meta.Codec.ToString(),
            meta.NumValues,
            meta.Statistics?.NullCount,
            meta.TotalCompressedSize,
            meta.TotalUncompressedSize,
            Bound(meta.Statistics?.MinValue, meta.Type, leaf),
            Bound(meta.Statistics?.MaxValue, meta.Type, leaf),
            chunk.ColumnIndexOffset is not null,
            chunk.OffsetIndexOffset is not null,
            [.. pages.Select(p => new ChunkPage(
                p.Header.Type.ToString(),
                p.Offset,
                p.Header.Encoding.ToString(),
                p.Header.NumValues,
                p.Header.CompressedPageSize,
                p.Header.UncompressedPageSize,
                p.Header.Crc is { } crc ? FormattableString.Invariant($"{crc:x8}") : null))]);
    }

    private static string TypeText(ColumnMetaData meta, SchemaElement? leaf) => leaf?.LogicalType switch
    {
        null => meta.Type.ToString(),
        { Kind: LogicalTypeKind.Decimal } decimals =>
            FormattableString.Invariant($"{meta.Type} Decimal({decimals.Precision},{decimals.Scale})"),
        { Kind: LogicalTypeKind.Time or LogicalTypeKind.Timestamp } time => $"{meta.Type} {time.Kind}({time.Unit})",
        { } logical => $"{meta.Type} {logical.Kind}",
    };

    private static object? Bound(byte[]? value, ParquetType type, SchemaElement? leaf)
    {
        if (value is null || leaf is null)
        {
            return null;
        }

        ColumnType shown = leaf.LogicalType switch
        {
            { Kind: LogicalTypeKind.Decimal } d => ColumnType.Decimal(Math.Clamp(d.Precision, 1, 38), d.Scale),
            { Kind: LogicalTypeKind.Time, Unit: TimestampUnit.Millis } => TypeKind.TimeMillis,
            { Kind: LogicalTypeKind.Time, Unit: TimestampUnit.Micros } => TypeKind.TimeMicros,
            { Kind: LogicalTypeKind.Timestamp, Unit: TimestampUnit.Millis } => TypeKind.TimestampMillis,
            { Kind: LogicalTypeKind.Timestamp, Unit: TimestampUnit.Micros } => TypeKind.TimestampMicros,
            { Kind: LogicalTypeKind.Time, Unit: TimestampUnit.Nanos } => TypeKind.TimeNanos,
            { Kind: LogicalTypeKind.Timestamp, Unit: TimestampUnit.Nanos } => TypeKind.TimestampNanos,
            { Kind: LogicalTypeKind.Date } => TypeKind.Date,
            _ => TypeKind.Long,
        };
        return (type, value.Length) switch
        {
            (ParquetType.Boolean, 1) => value[0] != 0,
            (ParquetType.Int32, 4) => Cells.Integer(shown, BinaryPrimitives.ReadInt32LittleEndian(value)),
            (ParquetType.Int64, 8) => Cells.Integer(shown, BinaryPrimitives.ReadInt64LittleEndian(value)),
            (ParquetType.Float, 4) => BinaryPrimitives.ReadSingleLittleEndian(value),
            (ParquetType.Double, 8) => BinaryPrimitives.ReadDoubleLittleEndian(value),
            (ParquetType.FixedLenByteArray, <= 16) when leaf.LogicalType?.Kind == LogicalTypeKind.Decimal =>
                Cells.Integer(shown, BigEndian(value)),
            (ParquetType.ByteArray, _) when leaf.LogicalType?.Kind == LogicalTypeKind.String => Encoding.UTF8.GetString(value),
            _ => "0x" + Convert.ToHexStringLower(value),
        };
    }

    private static Int128 BigEndian(byte[] bytes)
    {
        Int128 value = bytes.Length > 0 && (bytes[0] & 0x80) != 0 ? -1 : 0;
        foreach (byte b in bytes)
        {
            value = (value << 8) | b;
        }

        return value;
    }
}

/// <summary>A page as <c>parquet meta</c> shows it.</summary>
internal sealed record ChunkPage(
    string Kind, long Offset, string Encoding, int ValueCount, int CompressedByteCount, int UncompressedByteCount, string? Crc);
