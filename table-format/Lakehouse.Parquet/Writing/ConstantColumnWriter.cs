using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// A column of one value, without compression so that the value stands in the file byte by byte. One data page is
/// <c>[ u32 2..6 | run of 1 ] | 01 | run of 0</c>: all values are there and have index 0, of one bit as readers disagree about none.
/// </summary>
internal sealed class ConstantColumnWriter
{
    private readonly ConstantColumn _column;
    private readonly ParquetWriterOptions _options;
    private long _rowCount;

    internal ConstantColumnWriter(ConstantColumn column, ParquetWriterOptions options)
    {
        if (!column.Field.Type.IsVariableWidth)
        {
            throw new ArgumentException($"Constant column '{column.Field.Name}' is {column.Field.Type}; only string and binary can be.");
        }

        _column = column;
        _options = options;
    }

    internal ConstantColumn Column => _column;

    /// <summary>The chunk of so many rows.</summary>
    internal static EncodedChunk Chunk(ConstantColumn column, long rowCount, ParquetWriterOptions options) =>
        new ConstantColumnWriter(column, options) { _rowCount = rowCount }.FinishChunk();

    internal void Write(int rowCount) => _rowCount += rowCount;

    /// <summary>Ends the chunk; the writer starts the next one.</summary>
    internal EncodedChunk FinishChunk()
    {
        ReadOnlySpan<byte> value = _column.Value.Span;
        var dictionary = new PooledBuffer(value.Length + 128);
        var header = new PageHeader
        {
            Type = PageType.DictionaryPage,
            NumValues = 1,
            Encoding = ParquetEncoding.Plain,
            UncompressedPageSize = 4 + value.Length,
            CompressedPageSize = 4 + value.Length,
            Crc = ParquetPatches.DictionaryPageCrc(value),
        };
        int crcOffset = PageHeaderFormat.Write(dictionary, header, paddedCrc: true);
        int valueOffset = dictionary.Length + 4;
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, value.Length);
        dictionary.Append(length);
        dictionary.Append(value);
        var bounds = new PooledBuffer(value.Length);
        bounds.Append(value);
        var pages = new PageBytes();
        long uncompressed = dictionary.Length;
        EncodedPage[] index = WritePages(pages, value.Length);
        uncompressed += pages.Length;
        _rowCount = 0;
        return new EncodedChunk
        {
            Field = _column.Field,
            Codec = CompressionCodec.Uncompressed,
            DictionaryPage = dictionary,
            PatchableBytes = (crcOffset, valueOffset, value.Length),
            Pages = pages,
            PageIndex = index,
            Bounds = bounds,
            UncompressedByteCount = uncompressed,
        };
    }

    private EncodedPage[] WritePages(PageBytes pages, int valueLength)
    {
        var index = new EncodedPage[(int)((_rowCount + _options.PageRowCount - 1) / _options.PageRowCount)];
        using var scratch = new PooledBuffer(PageHeaderFormat.BytesMax);
        Span<byte> body = stackalloc byte[32];
        for (int i = 0; i < index.Length; i++)
        {
            int rows = (int)Math.Min(_options.PageRowCount, _rowCount - ((long)i * _options.PageRowCount));
            int at = 0;
            if (!_column.Field.Required)
            {
                at = RleHybrid.EncodeRun(rows, 1, 1, body[4..]);
                BinaryPrimitives.WriteInt32LittleEndian(body, at);
                at += 4;
            }

            body[at++] = 1;
            at += RleHybrid.EncodeRun(rows, 0, 1, body[at..]);
            var header = new PageHeader { Type = PageType.DataPage, NumValues = rows, Encoding = ParquetEncoding.RleDictionary };
            long offset = pages.Length;
            PageAssembly.Append(pages, header, body[..at], CompressionCodec.Uncompressed, 0, scratch);
            index[i] = new EncodedPage
            {
                Offset = offset,
                ByteCount = (int)(pages.Length - offset),
                RowCount = rows,
                ValueCount = rows,
                MinimumLength = valueLength,
                MaximumLength = valueLength,
                HasBounds = true,
                MinimumIsExact = true,
                MaximumIsExact = true,
                Encoding = ParquetEncoding.RleDictionary,
                VariableByteCount = (long)rows * valueLength,
            };
        }

        return index;
    }
}
