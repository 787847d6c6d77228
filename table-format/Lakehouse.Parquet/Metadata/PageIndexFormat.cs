using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>ColumnIndex and OffsetIndex to and from thrift.</summary>
internal static class PageIndexFormat
{
    internal static void WriteColumnIndex(
        PooledBuffer target, ChunkFacts chunk, BoundaryOrder order, PatchRecorder patches, long fileOffset)
    {
        ReadOnlySpan<EncodedPage> pages = chunk.PageIndex;
        var writer = new ThriftWriter(target);
        short outer = writer.BeginElement();
        writer.List(1, ThriftWriter.True, pages.Length);
        foreach (ref readonly EncodedPage page in pages)
        {
            writer.BoolElement(!page.HasBounds);
        }

        writer.List(2, ThriftWriter.BinaryType, pages.Length);
        foreach (ref readonly EncodedPage page in pages)
        {
            writer.BinaryElement(chunk.Minimum(page));
            patches.ValueEndsAt(chunk.Field.Name, fileOffset + writer.Position, page.MinimumLength);
        }

        writer.List(3, ThriftWriter.BinaryType, pages.Length);
        foreach (ref readonly EncodedPage page in pages)
        {
            writer.BinaryElement(chunk.Maximum(page));
            patches.ValueEndsAt(chunk.Field.Name, fileOffset + writer.Position, page.MaximumLength);
        }

        writer.I32(4, (int)order);
        if (Array.TrueForAll(chunk.PageIndex, static p => p.NullCount >= 0))
        {
            writer.List(5, ThriftWriter.I64Type, pages.Length);
            foreach (ref readonly EncodedPage page in pages)
            {
                writer.ZigZag(page.NullCount);
            }
        }

        if (chunk.LevelHistograms.Length > 0)
        {
            (long[] Repetitions, long[] Definitions)[] histograms = [.. Enumerable.Range(0, pages.Length).Select(p => chunk.Histograms(p))];
            writer.I64List(6, [.. histograms.SelectMany(static h => h.Repetitions)]);
            writer.I64List(7, [.. histograms.SelectMany(static h => h.Definitions)]);
        }

        writer.EndStruct(outer);
    }

    internal static void WriteOffsetIndex(PooledBuffer target, ChunkFacts chunk, long chunkOffset)
    {
        long pagesOffset = chunkOffset + chunk.DictionaryByteCount;
        long firstRow = 0;
        var writer = new ThriftWriter(target);
        short outer = writer.BeginElement();
        writer.List(1, ThriftWriter.StructType, chunk.PageIndex.Length);
        foreach (ref readonly EncodedPage page in chunk.PageIndex.AsSpan())
        {
            short list = writer.BeginElement();
            writer.I64(1, pagesOffset + page.Offset);
            writer.I32(2, page.ByteCount);
            writer.I64(3, firstRow);
            writer.EndStruct(list);
            firstRow += page.RowCount;
        }

        if (chunk.HasVariableByteCounts)
        {
            writer.List(2, ThriftWriter.I64Type, chunk.PageIndex.Length);
            foreach (ref readonly EncodedPage page in chunk.PageIndex.AsSpan())
            {
                writer.ZigZag(page.VariableByteCount);
            }
        }

        writer.EndStruct(outer);
    }

    internal static ColumnIndex ReadColumnIndex(ReadOnlySpan<byte> source)
    {
        var reader = new ThriftReader(source);
        var index = new ColumnIndex();
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    var nullPages = new bool[reader.List(type, out _)];
                    for (int i = 0; i < nullPages.Length; i++)
                    {
                        nullPages[i] = reader.BoolElement();
                    }

                    index = index with { NullPages = [.. nullPages] };
                    break;
                case 2:
                    index = index with { MinValues = ReadBounds(ref reader, type) };
                    break;
                case 3:
                    index = index with { MaxValues = ReadBounds(ref reader, type) };
                    break;
                case 4:
                    index = index with { BoundaryOrder = (BoundaryOrder)reader.I32(type) };
                    break;
                case 5:
                    index = index with { NullCounts = reader.I64List(type) };
                    break;
                case 6:
                    index = index with { RepetitionLevelHistograms = reader.I64List(type) };
                    break;
                case 7:
                    index = index with { DefinitionLevelHistograms = reader.I64List(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        return index;
    }

    private static ImmutableArray<byte[]> ReadBounds(ref ThriftReader reader, byte listType)
    {
        var bounds = new byte[reader.List(listType, out byte type)][];
        for (int i = 0; i < bounds.Length; i++)
        {
            bounds[i] = reader.Binary(type).ToArray();
        }

        return [.. bounds];
    }

    internal static OffsetIndex ReadOffsetIndex(ReadOnlySpan<byte> source)
    {
        var reader = new ThriftReader(source);
        var locations = ImmutableArray.CreateBuilder<PageLocation>();
        short outer = reader.BeginStruct();
        ImmutableArray<long> sizes = [];
        while (reader.NextField(out short id, out byte type))
        {
            if (id == 2)
            {
                sizes = reader.I64List(type);
                continue;
            }

            if (id != 1)
            {
                reader.Skip(type);
                continue;
            }

            int count = reader.List(type, out _);
            for (int i = 0; i < count; i++)
            {
                locations.Add(ReadLocation(ref reader));
            }
        }

        reader.EndStruct(outer);
        return new OffsetIndex(locations.ToImmutable()) { UnencodedByteArrayDataBytes = sizes };
    }

    private static PageLocation ReadLocation(ref ThriftReader reader)
    {
        var location = default(PageLocation);
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    location = location with { Offset = reader.I64(type) };
                    break;
                case 2:
                    location = location with { CompressedPageSize = reader.I32(type) };
                    break;
                case 3:
                    location = location with { FirstRowIndex = reader.I64(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        return location;
    }
}
