using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>
/// FileMetaData and what hangs from it, to and from thrift (parquet.thrift, field ids in the code). The file ends with
/// <c>footer | u32 length of footer | "PAR1"</c>.
/// </summary>
internal static class FooterFormat
{
    internal static ReadOnlySpan<byte> Magic => "PAR1"u8;

    /// <summary>What ends a file whose footer is encrypted (Encryption.md).</summary>
    internal static ReadOnlySpan<byte> EncryptedMagic => "PARE"u8;

    /// <summary>Writes the footer; tells the recorder where the bounds of patchable columns stand.</summary>
    internal static void Write(PooledBuffer target, FileMetaData footer, PatchRecorder patches, long fileOffset)
    {
        var writer = new ThriftWriter(target);
        short outer = writer.BeginElement();
        writer.I32(1, footer.Version);
        writer.List(2, ThriftWriter.StructType, footer.Schema.Length);
        foreach (SchemaElement element in footer.Schema)
        {
            SchemaFormat.Write(ref writer, element);
        }

        writer.I64(3, footer.NumRows);
        writer.List(4, ThriftWriter.StructType, footer.RowGroups.Length);
        foreach (RowGroup group in footer.RowGroups)
        {
            Write(ref writer, group, patches, fileOffset);
        }

        if (footer.KeyValueMetadata.Length > 0)
        {
            writer.List(5, ThriftWriter.StructType, footer.KeyValueMetadata.Length);
            foreach (KeyValue pair in footer.KeyValueMetadata)
            {
                short list = writer.BeginElement();
                writer.String(1, pair.Key);
                if (pair.Value is not null)
                {
                    writer.String(2, pair.Value);
                }

                writer.EndStruct(list);
            }
        }

        writer.String(6, footer.CreatedBy ?? "");
        writer.List(7, ThriftWriter.StructType, footer.ColumnOrders.Length);
        foreach (ColumnOrder order in footer.ColumnOrders)
        {
            short union = writer.BeginElement();
            writer.EndStruct(writer.BeginStruct((short)order));
            writer.EndStruct(union);
        }

        writer.EndStruct(outer);
    }

    private static void Write(ref ThriftWriter writer, RowGroup group, PatchRecorder patches, long fileOffset)
    {
        short outer = writer.BeginElement();
        writer.List(1, ThriftWriter.StructType, group.Columns.Length);
        foreach (ColumnChunk chunk in group.Columns)
        {
            short list = writer.BeginElement();
            writer.I64(2, 0);
            Write(ref writer, chunk.MetaData, patches, fileOffset);
            WriteLocation(ref writer, 4, chunk.OffsetIndexOffset, chunk.OffsetIndexLength);
            WriteLocation(ref writer, 6, chunk.ColumnIndexOffset, chunk.ColumnIndexLength);
            writer.EndStruct(list);
        }

        writer.I64(2, group.TotalByteSize);
        writer.I64(3, group.NumRows);
        if (group.SortingColumns.Length > 0)
        {
            writer.List(4, ThriftWriter.StructType, group.SortingColumns.Length);
            foreach (SortingColumn sorting in group.SortingColumns)
            {
                short list = writer.BeginElement();
                writer.I32(1, sorting.ColumnIndex);
                writer.Bool(2, sorting.Descending);
                writer.Bool(3, sorting.NullsFirst);
                writer.EndStruct(list);
            }
        }

        if (group.FileOffset is long offset)
        {
            writer.I64(5, offset);
        }

        if (group.TotalCompressedSize is long size)
        {
            writer.I64(6, size);
        }

        if (group.Ordinal is short ordinal)
        {
            writer.I16(7, ordinal);
        }

        writer.EndStruct(outer);
    }

    private static void WriteLocation(ref ThriftWriter writer, short id, long? offset, int? length)
    {
        if (offset is long at && length is int bytes)
        {
            writer.I64(id, at);
            writer.I32((short)(id + 1), bytes);
        }
    }

    private static void Write(ref ThriftWriter writer, ColumnMetaData column, PatchRecorder patches, long fileOffset)
    {
        short outer = writer.BeginStruct(3);
        writer.I32(1, (int)column.Type);
        writer.List(2, ThriftWriter.I32Type, column.Encodings.Length);
        foreach (ParquetEncoding encoding in column.Encodings)
        {
            writer.ZigZag((int)encoding);
        }

        writer.List(3, ThriftWriter.BinaryType, column.PathInSchema.Length);
        foreach (string name in column.PathInSchema)
        {
            writer.BinaryElement(System.Text.Encoding.UTF8.GetBytes(name));
        }

        writer.I32(4, (int)column.Codec);
        writer.I64(5, column.NumValues);
        writer.I64(6, column.TotalUncompressedSize);
        writer.I64(7, column.TotalCompressedSize);
        writer.I64(9, column.DataPageOffset);
        if (column.DictionaryPageOffset is long dictionary)
        {
            writer.I64(11, dictionary);
        }

        if (column.Statistics is not null)
        {
            Write(ref writer, column.Statistics, column.PathInSchema[0], patches, fileOffset);
        }

        writer.List(13, ThriftWriter.StructType, column.EncodingStats.Length);
        foreach (PageEncodingStats stats in column.EncodingStats)
        {
            short list = writer.BeginElement();
            writer.I32(1, (int)stats.PageType);
            writer.I32(2, (int)stats.Encoding);
            writer.I32(3, stats.Count);
            writer.EndStruct(list);
        }

        if (column is { BloomFilterOffset: long filter, BloomFilterLength: int length })
        {
            writer.I64(14, filter);
            writer.I32(15, length);
        }

        if (column.SizeStatistics is not null)
        {
            Write(ref writer, column.SizeStatistics);
        }

        writer.EndStruct(outer);
    }

    private static void Write(ref ThriftWriter writer, SizeStatistics sizes)
    {
        short outer = writer.BeginStruct(16);
        if (sizes.UnencodedByteArrayDataBytes is long bytes)
        {
            writer.I64(1, bytes);
        }

        if (sizes.DefinitionLevelHistogram.Length > 0)
        {
            writer.I64List(2, sizes.RepetitionLevelHistogram.AsSpan());
            writer.I64List(3, sizes.DefinitionLevelHistogram.AsSpan());
        }

        writer.EndStruct(outer);
    }

    private static void Write(ref ThriftWriter writer, Statistics statistics, string name, PatchRecorder patches, long fileOffset)
    {
        short outer = writer.BeginStruct(12);
        if (statistics is { OlderMaxValue: { } olderMax, OlderMinValue: { } olderMin })
        {
            writer.Binary(1, olderMax);
            writer.Binary(2, olderMin);
        }

        if (statistics.NullCount is long nulls)
        {
            writer.I64(3, nulls);
        }

        if (statistics.DistinctCount is long distinct)
        {
            writer.I64(4, distinct);
        }

        if (statistics is { MaxValue: not null, MinValue: not null })
        {
            writer.Binary(5, statistics.MaxValue);
            patches.ValueEndsAt(name, fileOffset + writer.Position, statistics.MaxValue.Length);
            writer.Binary(6, statistics.MinValue);
            patches.ValueEndsAt(name, fileOffset + writer.Position, statistics.MinValue.Length);
            writer.Bool(7, statistics.IsMaxValueExact);
            writer.Bool(8, statistics.IsMinValueExact);
        }

        writer.EndStruct(outer);
    }

    internal static FileMetaData Read(ReadOnlySpan<byte> source)
    {
        var reader = new ThriftReader(source);
        var footer = new FileMetaData();
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    footer = footer with { Version = reader.I32(type) };
                    break;
                case 2:
                    footer = footer with { Schema = SchemaFormat.ReadList(ref reader, type) };
                    break;
                case 3:
                    footer = footer with { NumRows = reader.I64(type) };
                    break;
                case 4:
                    footer = footer with { RowGroups = RowGroupFormat.ReadList(ref reader, type) };
                    break;
                case 5:
                    footer = footer with { KeyValueMetadata = ReadKeyValues(ref reader, type) };
                    break;
                case 6:
                    footer = footer with { CreatedBy = reader.String(type) };
                    break;
                case 7:
                    footer = footer with { ColumnOrders = ReadColumnOrders(ref reader, type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        return footer;
    }

    private static ImmutableArray<KeyValue> ReadKeyValues(ref ThriftReader reader, byte listType)
    {
        int count = reader.List(listType, out _);
        var pairs = ImmutableArray.CreateBuilder<KeyValue>();
        for (int i = 0; i < count; i++)
        {
            string key = "";
            string? value = null;
            short outer = reader.BeginStruct();
            while (reader.NextField(out short id, out byte type))
            {
                switch (id)
                {
                    case 1:
                        key = reader.String(type);
                        break;
                    case 2:
                        value = reader.String(type);
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }

            reader.EndStruct(outer);
            pairs.Add(new KeyValue(key, value));
        }

        return pairs.ToImmutable();
    }

    private static ImmutableArray<ColumnOrder> ReadColumnOrders(ref ThriftReader reader, byte listType)
    {
        int count = reader.List(listType, out _);
        var orders = ImmutableArray.CreateBuilder<ColumnOrder>();
        for (int i = 0; i < count; i++)
        {
            var order = ColumnOrder.Unknown;
            short outer = reader.BeginStruct();
            while (reader.NextField(out short id, out byte type))
            {
                order = id is (short)ColumnOrder.Type or (short)ColumnOrder.Ieee754 ? (ColumnOrder)id : ColumnOrder.Unknown;
                reader.Skip(type);
            }

            reader.EndStruct(outer);
            orders.Add(order);
        }

        return orders.ToImmutable();
    }
}
