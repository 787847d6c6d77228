namespace Lakehouse.Parquet;

/// <summary>PageHeader to and from thrift: 1 type, 2 and 3 sizes, 4 CRC, 5 data page, 7 dictionary page, 8 data page V2.</summary>
internal static class PageHeaderFormat
{
    /// <summary>Bytes that no header written here exceeds.</summary>
    internal const int BytesMax = 64;

    /// <summary>Writes a header, its CRC in five bytes if <paramref name="paddedCrc"/>; gives the offset of that CRC.</summary>
    internal static int Write(PooledBuffer target, in PageHeader header, bool paddedCrc = false)
    {
        var writer = new ThriftWriter(target);
        short outer = writer.BeginElement();
        writer.I32(1, (int)header.Type);
        writer.I32(2, header.UncompressedPageSize);
        writer.I32(3, header.CompressedPageSize);
        if (paddedCrc)
        {
            writer.PaddedI32(4, header.Crc.GetValueOrDefault());
        }
        else
        {
            writer.I32(4, header.Crc.GetValueOrDefault());
        }

        int crcOffset = target.Length - 5;
        short inner = writer.BeginStruct(header.Type switch { PageType.DataPage => 5, PageType.DictionaryPage => 7, _ => 8 });
        writer.I32(1, header.NumValues);
        if (header.Type == PageType.DataPageV2)
        {
            writer.I32(2, header.NumNulls.GetValueOrDefault());
            writer.I32(3, header.NumRows.GetValueOrDefault());
            writer.I32(4, (int)header.Encoding);
            writer.I32(5, header.DefinitionLevelsByteLength);
            writer.I32(6, header.RepetitionLevelsByteLength);
            writer.Bool(7, header.IsCompressed);
        }
        else
        {
            writer.I32(2, (int)header.Encoding);
        }

        if (header.Type == PageType.DataPage)
        {
            writer.I32(3, (int)ParquetEncoding.Rle);
            writer.I32(4, (int)ParquetEncoding.Rle);
        }

        writer.EndStruct(inner);
        writer.EndStruct(outer);
        return crcOffset;
    }

    /// <summary>Reads a header and how many bytes it took.</summary>
    internal static PageHeader Read(ReadOnlySpan<byte> source, out int headerBytes)
    {
        var reader = new ThriftReader(source);
        var header = new PageHeader { Type = (PageType)(-1), IsCompressed = true };
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    header = header with { Type = (PageType)reader.I32(type) };
                    break;
                case 2:
                    header = header with { UncompressedPageSize = reader.I32(type) };
                    break;
                case 3:
                    header = header with { CompressedPageSize = reader.I32(type) };
                    break;
                case 4:
                    header = header with { Crc = reader.I32(type) };
                    break;
                case 5 or 7:
                    ReadBody(ref reader, ref header, isV2: false);
                    break;
                case 8:
                    header = header with { DefinitionLevelEncoding = ParquetEncoding.Rle, RepetitionLevelEncoding = ParquetEncoding.Rle };
                    ReadBody(ref reader, ref header, isV2: true);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        headerBytes = reader.Position;
        return header;
    }

    /// <summary>The struct of a data page or dictionary, or of a V2 data page, whose field ids differ.</summary>
    private static void ReadBody(ref ThriftReader reader, ref PageHeader header, bool isV2)
    {
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (isV2, id)
            {
                case (_, 1):
                    header = header with { NumValues = reader.I32(type) };
                    break;
                case (false, 2) or (true, 4):
                    header = header with { Encoding = (ParquetEncoding)reader.I32(type) };
                    break;
                case (false, 3) when type == ThriftWriter.I32Type: // Of a dictionary it is a boolean.
                    header = header with { DefinitionLevelEncoding = (ParquetEncoding)reader.I32(type) };
                    break;
                case (false, 4) when type == ThriftWriter.I32Type:
                    header = header with { RepetitionLevelEncoding = (ParquetEncoding)reader.I32(type) };
                    break;
                case (true, 2):
                    header = header with { NumNulls = reader.I32(type) };
                    break;
                case (true, 3):
                    header = header with { NumRows = reader.I32(type) };
                    break;
                case (true, 5):
                    header = header with { DefinitionLevelsByteLength = reader.I32(type) };
                    break;
                case (true, 6):
                    header = header with { RepetitionLevelsByteLength = reader.I32(type) };
                    break;
                case (true, 7):
                    header = header with { IsCompressed = ThriftReader.Bool(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
    }
}
