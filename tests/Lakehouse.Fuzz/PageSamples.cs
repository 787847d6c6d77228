using System.Buffers;
using System.Buffers.Binary;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>Files taken apart: what each target's mutations start from.</summary>
internal sealed class PageSamples
{
    private const int SamplesMax = 500;
    private const int BytesMax = 4 << 10;

    internal List<byte[]> Footers { get; } = [];

    internal List<byte[]> Headers { get; } = [];

    internal List<byte[]> Indexes { get; } = [];

    internal List<byte[]> Levels { get; } = [];

    internal SortedDictionary<string, ValueSamples> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>By codec: the size that the header says in four bytes, then what is packed.</summary>
    internal SortedDictionary<CompressionCodec, List<byte[]>> Packed { get; } = [];

    internal ChunkSamples Chunks { get; } = new();

    internal static PageSamples Of(IEnumerable<byte[]> files)
    {
        var samples = new PageSamples();
        foreach (byte[] file in files)
        {
            try
            {
                samples.TakeApart(file);
            }
            catch (Exception e) when (e is ParquetFormatException or ArgumentOutOfRangeException)
            {
                // One of the files that are damaged on purpose: what came before the damage is kept.
            }
        }

        return samples;
    }

    private void TakeApart(byte[] file)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 8));
        byte[] footer = file[(file.Length - 8 - length)..^8];
        Footers.Add(footer);
        FileMetaData meta = FooterFormat.Read(footer);
        Leaf[] leaves = [.. FileShape.Of(meta.Schema).SelectMany(static c => c.Leaves)];
        foreach (RowGroup group in meta.RowGroups)
        {
            foreach ((ColumnChunk chunk, Leaf leaf) in group.Columns.Zip(leaves))
            {
                AddIndex(file, chunk.ColumnIndexOffset, chunk.ColumnIndexLength);
                AddIndex(file, chunk.OffsetIndexOffset, chunk.OffsetIndexLength);
                long start = chunk.MetaData.DictionaryPageOffset is { } dictionary and >= 4
                    ? Math.Min(dictionary, chunk.MetaData.DataPageOffset)
                    : chunk.MetaData.DataPageOffset;
                TakeApart(file.AsSpan((int)start, (int)chunk.MetaData.TotalCompressedSize).ToArray(), chunk.MetaData, leaf, group.NumRows);
            }
        }
    }

    private void AddIndex(byte[] file, long? offset, int? length)
    {
        if (offset is { } start && length is { } count)
        {
            Indexes.Add(file.AsSpan((int)start, count).ToArray());
        }
    }

    private void TakeApart(byte[] chunk, ColumnMetaData meta, Leaf leaf, long rows)
    {
        Chunks.Add(chunk, meta, leaf, rows);
        ColumnVector? dictionary = null;
        for (int at = 0; at < chunk.Length;)
        {
            PageHeader header = PageHeaderFormat.Read(chunk.AsSpan(at), out int headerBytes);
            Headers.Add(chunk[at..(at + headerBytes)]);
            byte[] page = chunk[at..(at + headerBytes + header.CompressedPageSize)];
            at += page.Length;
            if (header.Type != PageType.DataPageV2)
            {
                byte[] size = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(size, header.UncompressedPageSize);
                Add(Packed, meta.Codec, [.. size, .. page[headerBytes..]]);
            }

            byte[] owned = ArrayPool<byte>.Shared.Rent(page.Length);
            page.CopyTo(owned, 0);
            using var reader = new PageReader(meta.Codec, Checksums.Ignored, new ChunkBytes(0, owned, page.Length));
            reader.Next();
            reader.Unpack();
            if (header.Type == PageType.DictionaryPage)
            {
                using PageValues plain = PageValues.Of(ParquetEncoding.Plain, leaf.Type);
                using var builder = new ColumnBuilder(leaf.Type.Type);
                plain.Open(reader.Body, reader.Start, reader.End);
                plain.Read(header.NumValues, builder);
                dictionary = builder.Finish();
            }
            else
            {
                AddPage(reader, leaf, dictionary);
            }
        }
    }

    private void AddPage(PageReader reader, Leaf leaf, ColumnVector? dictionary)
    {
        PageHeader header = reader.Header;
        int start = reader.Start;
        if (header.Type == PageType.DataPage)
        {
            LevelStream.OfV1(header.RepetitionLevelEncoding, leaf.MaxRepetition, header.NumValues, reader.Body, ref start, reader.End);
            LevelStream.OfV1(header.DefinitionLevelEncoding, leaf.MaxDefinition, header.NumValues, reader.Body, ref start, reader.End);
            Levels.Add(reader.Body[reader.Start..Math.Max(reader.Start, start)]);
        }
        else
        {
            start += header.RepetitionLevelsByteLength + header.DefinitionLevelsByteLength;
        }

        string name = header.Encoding is ParquetEncoding.PlainDictionary ? nameof(ParquetEncoding.RleDictionary) : header.Encoding.ToString();
        if (!Values.TryGetValue(name, out ValueSamples? values))
        {
            Values[name] = values = new ValueSamples();
        }

        if (values.Inputs.Count < SamplesMax)
        {
            values.Add(header.Encoding, leaf.Type, dictionary, reader.Body.AsSpan(start, Math.Min(BytesMax, reader.End - start)));
        }
    }

    private static void Add(SortedDictionary<CompressionCodec, List<byte[]>> samples, CompressionCodec codec, byte[] sample)
    {
        if (!samples.TryGetValue(codec, out List<byte[]>? of))
        {
            samples[codec] = of = [];
        }

        if (of.Count < SamplesMax && sample.Length <= BytesMax)
        {
            of.Add(sample);
        }
    }
}
