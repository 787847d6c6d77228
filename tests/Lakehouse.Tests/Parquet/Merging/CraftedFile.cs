using System.Buffers.Binary;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Parquet;

/// <summary>A file of one INT32 column whose pages are put together by hand, as no writer of ours would.</summary>
internal sealed class CraftedFile(bool required = true, bool checksums = true, bool zstd = false)
{
    internal const string TrustedWriter = "Lakehouse version 0.1.0 (build crafted)";

    private readonly List<(PageHeader Header, byte[] Body)> _pages = [];

    /// <summary>A dictionary page.</summary>
    internal CraftedFile Dictionary(params int[] entries) => Page(
        new PageHeader { Type = PageType.DictionaryPage, NumValues = entries.Length, Encoding = ParquetEncoding.Plain },
        [.. entries.SelectMany(BitConverter.GetBytes)]);

    /// <summary>A PLAIN page.</summary>
    internal CraftedFile Plain(params int?[] values) => Data(
        values.Select(static v => v is not null), ParquetEncoding.Plain, [.. values.OfType<int>().SelectMany(BitConverter.GetBytes)], isV2: false);

    /// <summary>A PLAIN page of version 2.</summary>
    internal CraftedFile PlainV2(params int?[] values) => Data(
        values.Select(static v => v is not null), ParquetEncoding.Plain, [.. values.OfType<int>().SelectMany(BitConverter.GetBytes)], isV2: true);

    /// <summary>A page of dictionary indexes.</summary>
    internal CraftedFile Indexes(int width, params int?[] indexes)
    {
        uint[] values = [.. indexes.OfType<int>().Select(static i => (uint)i)];
        return Data(indexes.Select(static v => v is not null), ParquetEncoding.RleDictionary, [(byte)width, .. Hybrid(values, width)], isV2: false);
    }

    /// <summary>A data page with these bytes for its values.</summary>
    internal CraftedFile Data(IEnumerable<bool> isThere, ParquetEncoding encoding, byte[] values, bool isV2)
    {
        uint[] levels = [.. isThere.Select(static t => t ? 1u : 0u)];
        byte[] encoded = required ? [] : Hybrid(levels, 1);
        byte[] prefix = new byte[required || isV2 ? 0 : 4];
        if (prefix.Length > 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(prefix, encoded.Length);
        }

        return Page(
            new PageHeader
            {
                Type = isV2 ? PageType.DataPageV2 : PageType.DataPage,
                NumValues = levels.Length,
                NumRows = isV2 ? levels.Length : null,
                NumNulls = isV2 ? levels.Count(static l => l == 0) : null,
                DefinitionLevelsByteLength = isV2 ? encoded.Length : 0,
                Encoding = encoding,
                DefinitionLevelEncoding = ParquetEncoding.Rle,
                RepetitionLevelEncoding = ParquetEncoding.Rle,
                IsCompressed = true,
            },
            [.. prefix, .. encoded, .. values]);
    }

    /// <summary>Any page; its sizes are filled in.</summary>
    internal CraftedFile Page(PageHeader header, byte[] body)
    {
        byte[] packed = zstd ? Packed(body, header.LevelsByteLength) : body;
        _pages.Add((
            header with { UncompressedPageSize = body.Length, CompressedPageSize = packed.Length, Crc = (int)Crc32.Append(0, packed) }, packed));
        return this;
    }

    /// <summary>Puts the file into a store, with other metadata if wished.</summary>
    internal async Task PutAsync(
        IObjectStore store,
        ObjectPath path,
        CancellationToken stop,
        Func<ColumnMetaData, ColumnMetaData>? chunk = null,
        Func<FileMetaData, FileMetaData>? file = null) =>
        await store.PutAsync(path, Bytes(chunk ?? (static c => c), file ?? (static f => f)), stop);

    /// <summary>A body whose values, and levels but for those in front of a page of version 2, are compressed.</summary>
    private static byte[] Packed(byte[] body, int levels)
    {
        byte[] packed = new byte[Zstd.Bound(body.Length)];
        return [.. body[..levels], .. packed[..Zstd.Compress(body.AsSpan(levels), packed, 1)]];
    }

    private static byte[] Hybrid(uint[] values, int width)
    {
        uint[] padded = [.. values, .. new uint[8]];
        byte[] encoded = new byte[RleHybrid.BytesMax(values.Length, width)];
        return encoded[..RleHybrid.Encode(padded, values.Length, width, encoded)];
    }

    private void WriteHeader(PooledBuffer bytes, PageHeader header)
    {
        if (checksums)
        {
            PageHeaderFormat.Write(bytes, header);
            return;
        }

        // PageHeader of parquet.thrift without its fourth field.
        if (header.Type is not (PageType.DataPage or PageType.DictionaryPage))
        {
            throw new ArgumentException("Only headers of version 1 are written without a checksum.", nameof(header));
        }

        var writer = new ThriftWriter(bytes);
        short outer = writer.BeginElement();
        writer.I32(1, (int)header.Type);
        writer.I32(2, header.UncompressedPageSize);
        writer.I32(3, header.CompressedPageSize);
        short inner = writer.BeginStruct((short)(header.Type == PageType.DataPage ? 5 : 7));
        writer.I32(1, header.NumValues);
        writer.I32(2, (int)header.Encoding);
        if (header.Type == PageType.DataPage)
        {
            writer.I32(3, (int)ParquetEncoding.Rle);
            writer.I32(4, (int)ParquetEncoding.Rle);
        }

        writer.EndStruct(inner);
        writer.EndStruct(outer);
    }

    private byte[] Bytes(Func<ColumnMetaData, ColumnMetaData> change, Func<FileMetaData, FileMetaData> changeFile)
    {
        using var bytes = new PooledBuffer();
        bytes.Append(FooterFormat.Magic);
        var offsets = new List<long>();
        foreach ((PageHeader header, byte[] body) in _pages)
        {
            offsets.Add(bytes.Length);
            WriteHeader(bytes, header);
            bytes.Append(body);
        }

        int size = bytes.Length - 4;
        int dictionary = _pages.FindIndex(static p => p.Header.Type == PageType.DictionaryPage);
        (PageHeader Header, byte[])[] data = [.. _pages.Where(static p => p.Header.Type != PageType.DictionaryPage)];
        long rows = data.Sum(static p => (long)p.Header.NumValues);
        var chunk = new ColumnMetaData
        {
            Type = ParquetType.Int32,
            Codec = zstd ? CompressionCodec.Zstd : CompressionCodec.Uncompressed,
            Encodings = [ParquetEncoding.Rle, .. _pages.Select(static p => p.Header.Encoding).Distinct()],
            PathInSchema = ["x"],
            NumValues = rows,
            TotalUncompressedSize = size,
            TotalCompressedSize = size,
            DataPageOffset = offsets[_pages.FindIndex(static p => p.Header.Type != PageType.DictionaryPage)],
            DictionaryPageOffset = dictionary < 0 ? null : offsets[dictionary],
            EncodingStats =
            [
                .. _pages.CountBy(static p => (p.Header.Type, p.Header.Encoding)).OrderByDescending(static p => p.Key.Type == PageType.DictionaryPage)
                    .Select(static p => new PageEncodingStats(p.Key.Type, p.Key.Encoding, p.Value)),
            ],
        };
        var footer = new FileMetaData
        {
            Schema =
            [
                new SchemaElement { Name = "schema", NumChildren = 1 },
                new SchemaElement
                {
                    Name = "x",
                    Type = ParquetType.Int32,
                    RepetitionType = required ? FieldRepetitionType.Required : FieldRepetitionType.Optional,
                },
            ],
            NumRows = rows,
            RowGroups =
            [
                new RowGroup
                {
                    Columns = [new ColumnChunk { MetaData = change(chunk) }],
                    NumRows = rows,
                    TotalByteSize = size,
                    TotalCompressedSize = size,
                    FileOffset = 4,
                    Ordinal = 0,
                },
            ],
            CreatedBy = TrustedWriter,
            ColumnOrders = [ColumnOrder.Type],
        };
        int start = bytes.Length;
        FooterFormat.Write(bytes, changeFile(footer), new PatchRecorder(new HashSet<string>()), 0);
        byte[] length = BitConverter.GetBytes(bytes.Length - start);
        return [.. bytes.Written, .. length, .. FooterFormat.Magic];
    }
}
