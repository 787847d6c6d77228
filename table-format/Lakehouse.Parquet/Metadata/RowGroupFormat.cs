using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>RowGroup, ColumnChunk, ColumnMetaData and Statistics from thrift; <see cref="FooterFormat"/> writes them.</summary>
internal static class RowGroupFormat
{
    internal static ImmutableArray<RowGroup> ReadList(ref ThriftReader reader, byte listType)
    {
        int count = reader.List(listType, out _);
        var groups = ImmutableArray.CreateBuilder<RowGroup>();
        for (int i = 0; i < count; i++)
        {
            groups.Add(Read(ref reader));
        }

        return groups.ToImmutable();
    }

    private static RowGroup Read(ref ThriftReader reader)
    {
        var group = new RowGroup();
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    group = group with { Columns = ReadChunks(ref reader, type) };
                    break;
                case 2:
                    group = group with { TotalByteSize = reader.I64(type) };
                    break;
                case 3:
                    group = group with { NumRows = reader.I64(type) };
                    break;
                case 4:
                    group = group with { SortingColumns = ReadSorting(ref reader, type) };
                    break;
                case 5:
                    group = group with { FileOffset = reader.I64(type) };
                    break;
                case 6:
                    group = group with { TotalCompressedSize = reader.I64(type) };
                    break;
                case 7:
                    group = group with { Ordinal = reader.I16(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        return group;
    }

    private static ImmutableArray<SortingColumn> ReadSorting(ref ThriftReader reader, byte listType)
    {
        int count = reader.List(listType, out _);
        var all = ImmutableArray.CreateBuilder<SortingColumn>();
        for (int i = 0; i < count; i++)
        {
            var sorting = default(SortingColumn);
            short outer = reader.BeginStruct();
            while (reader.NextField(out short id, out byte type))
            {
                switch (id)
                {
                    case 1:
                        sorting = sorting with { ColumnIndex = reader.I32(type) };
                        break;
                    case 2:
                        sorting = sorting with { Descending = ThriftReader.Bool(type) };
                        break;
                    case 3:
                        sorting = sorting with { NullsFirst = ThriftReader.Bool(type) };
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }

            reader.EndStruct(outer);
            all.Add(sorting);
        }

        return all.ToImmutable();
    }

    private static ImmutableArray<ColumnChunk> ReadChunks(ref ThriftReader reader, byte listType)
    {
        int count = reader.List(listType, out _);
        var chunks = ImmutableArray.CreateBuilder<ColumnChunk>();
        for (int i = 0; i < count; i++)
        {
            var chunk = new ColumnChunk { MetaData = new ColumnMetaData() };
            bool complete = false;
            short outer = reader.BeginStruct();
            while (reader.NextField(out short id, out byte type))
            {
                switch (id)
                {
                    case 1:
                        throw new ParquetFormatException($"The column chunk lies in another file, '{reader.String(type)}'.");
                    case 3:
                        chunk = chunk with { MetaData = ReadColumn(ref reader) };
                        complete = true;
                        break;
                    case 4:
                        chunk = chunk with { OffsetIndexOffset = reader.I64(type) };
                        break;
                    case 5:
                        chunk = chunk with { OffsetIndexLength = reader.I32(type) };
                        break;
                    case 6:
                        chunk = chunk with { ColumnIndexOffset = reader.I64(type) };
                        break;
                    case 7:
                        chunk = chunk with { ColumnIndexLength = reader.I32(type) };
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }

            reader.EndStruct(outer);
            chunks.Add(complete ? chunk : throw new ParquetFormatException("A column chunk has no metadata (encrypted?)."));
        }

        return chunks.ToImmutable();
    }

    private static ColumnMetaData ReadColumn(ref ThriftReader reader)
    {
        var column = new ColumnMetaData();
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            column = ReadColumnField(ref reader, column, id, type);
        }

        reader.EndStruct(outer);
        return column;
    }

    private static ColumnMetaData ReadColumnField(ref ThriftReader reader, ColumnMetaData column, short id, byte type)
    {
        switch (id)
        {
            case 1:
                return column with { Type = (ParquetType)reader.I32(type) };
            case 2:
                var encodings = new ParquetEncoding[reader.List(type, out byte encodingType)];
                for (int i = 0; i < encodings.Length; i++)
                {
                    encodings[i] = (ParquetEncoding)reader.I32(encodingType);
                }

                return column with { Encodings = [.. encodings] };
            case 3:
                var path = new string[reader.List(type, out byte nameType)];
                for (int i = 0; i < path.Length; i++)
                {
                    path[i] = reader.String(nameType);
                }

                return column with { PathInSchema = [.. path] };
            case 4:
                return column with { Codec = (CompressionCodec)reader.I32(type) };
            case 5:
                return column with { NumValues = reader.I64(type) };
            case 6:
                return column with { TotalUncompressedSize = reader.I64(type) };
            case 7:
                return column with { TotalCompressedSize = reader.I64(type) };
            case 9:
                return column with { DataPageOffset = reader.I64(type) };
            case 11:
                return column with { DictionaryPageOffset = reader.I64(type) };
            case 12:
                return column with { Statistics = ReadStatistics(ref reader) };
            case 13:
                return column with { EncodingStats = ReadEncodingStats(ref reader, type) };
            case 14:
                return column with { BloomFilterOffset = reader.I64(type) };
            case 15 when type == ThriftWriter.I32Type: // < Dremio put page locations here before the format gave the id away.
                return column with { BloomFilterLength = reader.I32(type) };
            case 16:
                return column with { SizeStatistics = ReadSizes(ref reader) };
            default:
                reader.Skip(type);
                return column;
        }
    }

    private static ImmutableArray<PageEncodingStats> ReadEncodingStats(ref ThriftReader reader, byte listType)
    {
        int count = reader.List(listType, out _);
        var all = ImmutableArray.CreateBuilder<PageEncodingStats>();
        for (int i = 0; i < count; i++)
        {
            Span<int> fields = [0, 0, 0];
            short outer = reader.BeginStruct();
            while (reader.NextField(out short id, out byte type))
            {
                if (id is >= 1 and <= 3)
                {
                    fields[id - 1] = reader.I32(type);
                }
                else
                {
                    reader.Skip(type);
                }
            }

            reader.EndStruct(outer);
            all.Add(new PageEncodingStats((PageType)fields[0], (ParquetEncoding)fields[1], fields[2]));
        }

        return all.ToImmutable();
    }

    private static Statistics ReadStatistics(ref ThriftReader reader)
    {
        var statistics = new Statistics();
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    statistics = statistics with { OlderMaxValue = reader.Binary(type).ToArray() };
                    break;
                case 2:
                    statistics = statistics with { OlderMinValue = reader.Binary(type).ToArray() };
                    break;
                case 3:
                    statistics = statistics with { NullCount = reader.I64(type) };
                    break;
                case 4:
                    statistics = statistics with { DistinctCount = reader.I64(type) };
                    break;
                case 5:
                    statistics = statistics with { MaxValue = reader.Binary(type).ToArray() };
                    break;
                case 6:
                    statistics = statistics with { MinValue = reader.Binary(type).ToArray() };
                    break;
                case 7:
                    statistics = statistics with { IsMaxValueExact = ThriftReader.Bool(type) };
                    break;
                case 8:
                    statistics = statistics with { IsMinValueExact = ThriftReader.Bool(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        return statistics;
    }

    private static SizeStatistics ReadSizes(ref ThriftReader reader)
    {
        var sizes = new SizeStatistics();
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    sizes = sizes with { UnencodedByteArrayDataBytes = reader.I64(type) };
                    break;
                case 2:
                    sizes = sizes with { RepetitionLevelHistogram = reader.I64List(type) };
                    break;
                case 3:
                    sizes = sizes with { DefinitionLevelHistogram = reader.I64List(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        return sizes;
    }
}
