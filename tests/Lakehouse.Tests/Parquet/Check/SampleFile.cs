using System.Buffers.Binary;
using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Parquet;

/// <summary>A file of our writer, and copies of it in which one thing is changed.</summary>
internal sealed class SampleFile
{
    internal const int Id = 0;
    internal const int Name = 1;
    internal const int List = 2;

    private SampleFile(byte[] bytes, FileMetaData footer) => (Bytes, Footer) = (bytes, footer);

    internal byte[] Bytes { get; }

    internal FileMetaData Footer { get; }

    /// <summary>Rising ids, names with a dictionary and nulls, lists; several pages each, two row groups, nothing compressed.</summary>
    internal static async Task<SampleFile> MakeAsync(bool pagesV2, CancellationToken stop)
    {
        var schema = new Schema(
            new Field("id", TypeKind.Long, Required: true), new Field("name", TypeKind.String), new Field("list", ColumnType.List(TypeKind.Int, false)));
        var options = new ParquetWriterOptions
        {
            Codec = CompressionCodec.Uncompressed, PageRowCount = 100, RowGroupRowCountMax = 600, PagesV2 = pagesV2,
        };
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        var random = new Random(8);
        using var ids = new ColumnBuilder(TypeKind.Long);
        for (long i = 0; i < 1_000; i++)
        {
            ids.Append(1_000_000 + (i * 1_000));
        }

        ColumnVector[] columns =
        [
            ids.Finish(),
            RandomRows.Column(new Random(10), schema[1], 1_000, 20, runs: false),
            RandomNested.Column(random, schema[2], 1_000, 1_000_000, longest: 9),
        ];
        writer.Write(columns, 1_000);
        return await OfAsync(await RandomFile.StoreAsync(writer, stop), stop);
    }

    /// <summary>The file in a store.</summary>
    internal static async Task<SampleFile> OfAsync(MemoryObjectStore store, CancellationToken stop)
    {
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, stop);
        return new SampleFile((await store.GetAsync(RandomFile.Path, stop))!, reader.MetaData);
    }

    internal ColumnChunk Chunk(int column, int group = 0) => Footer.RowGroups[group].Columns[column];

    internal OffsetIndex Offsets(int column) => PageIndexFormat.ReadOffsetIndex(
        Bytes.AsSpan((int)Chunk(column).OffsetIndexOffset!, (int)Chunk(column).OffsetIndexLength!));

    internal ColumnIndex Columns(int column) => PageIndexFormat.ReadColumnIndex(
        Bytes.AsSpan((int)Chunk(column).ColumnIndexOffset!, (int)Chunk(column).ColumnIndexLength!));

    /// <summary>A copy with other bytes somewhere.</summary>
    internal byte[] Overwritten(long offset, params ReadOnlySpan<byte> bytes)
    {
        byte[] copy = [.. Bytes];
        bytes.CopyTo(copy.AsSpan((int)offset));
        return copy;
    }

    /// <summary>A copy with a page header of the same length.</summary>
    internal byte[] WithHeader(long offset, Func<PageHeader, PageHeader> change)
    {
        PageHeader header = PageHeaderFormat.Read(Bytes.AsSpan((int)offset), out int headerBytes);
        using var buffer = new PooledBuffer();
        PageHeaderFormat.Write(buffer, change(header), paddedCrc: false);
        return buffer.Length == headerBytes
            ? Overwritten(offset, buffer.Written)
            : throw new InvalidOperationException($"The header has {buffer.Length} bytes instead of {headerBytes}.");
    }

    /// <summary>A copy with another footer.</summary>
    internal byte[] WithFooter(Func<FileMetaData, FileMetaData> change) => Rewritten([], change(Footer));

    /// <summary>A copy in which the first row group says something else.</summary>
    internal byte[] WithGroup(Func<RowGroup, RowGroup> change) =>
        WithFooter(f => f with { RowGroups = f.RowGroups.SetItem(0, change(f.RowGroups[0])) });

    /// <summary>A copy in which a chunk of the first row group says something else.</summary>
    internal byte[] WithChunk(int column, Func<ColumnChunk, ColumnChunk> change) =>
        WithGroup(g => g with { Columns = g.Columns.SetItem(column, change(g.Columns[column])) });

    /// <summary>A copy in which the metadata of a chunk of the first row group say something else.</summary>
    internal byte[] WithMeta(int column, Func<ColumnMetaData, ColumnMetaData> change) =>
        WithChunk(column, c => c with { MetaData = change(c.MetaData) });

    /// <summary>A copy in which a chunk has another offset index.</summary>
    internal byte[] With(int column, OffsetIndex index)
    {
        byte[] bytes = Serialized(index);
        long offset = FooterStart;
        return Rewritten(bytes, Changed(column, c => c with { OffsetIndexOffset = offset, OffsetIndexLength = bytes.Length }));
    }

    /// <summary>A copy in which a chunk has another column index.</summary>
    internal byte[] With(int column, ColumnIndex index)
    {
        byte[] bytes = Serialized(index);
        long offset = FooterStart;
        return Rewritten(bytes, Changed(column, c => c with { ColumnIndexOffset = offset, ColumnIndexLength = bytes.Length }));
    }

    private int FooterStart => Bytes.Length - 8 - BinaryPrimitives.ReadInt32LittleEndian(Bytes.AsSpan(Bytes.Length - 8));

    private FileMetaData Changed(int column, Func<ColumnChunk, ColumnChunk> change)
    {
        RowGroup group = Footer.RowGroups[0];
        return Footer with
        {
            RowGroups = Footer.RowGroups.SetItem(0, group with { Columns = group.Columns.SetItem(column, change(group.Columns[column])) }),
        };
    }

    private byte[] Rewritten(byte[] extra, FileMetaData footer)
    {
        using var tail = new PooledBuffer();
        FooterFormat.Write(tail, footer, new PatchRecorder(new HashSet<string>()), 0);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, tail.Length);
        return [.. Bytes.AsSpan(0, FooterStart), .. extra, .. tail.Written, .. length, .. "PAR1"u8];
    }

    private static byte[] Serialized(OffsetIndex index)
    {
        using var buffer = new PooledBuffer();
        var writer = new ThriftWriter(buffer);
        short outer = writer.BeginElement();
        writer.List(1, ThriftWriter.StructType, index.PageLocations.Length);
        foreach (PageLocation page in index.PageLocations)
        {
            short element = writer.BeginElement();
            writer.I64(1, page.Offset);
            writer.I32(2, page.CompressedPageSize);
            writer.I64(3, page.FirstRowIndex);
            writer.EndStruct(element);
        }

        if (!index.UnencodedByteArrayDataBytes.IsEmpty)
        {
            writer.I64List(2, index.UnencodedByteArrayDataBytes.AsSpan());
        }

        writer.EndStruct(outer);
        return buffer.Written.ToArray();
    }

    private static byte[] Serialized(ColumnIndex index)
    {
        using var buffer = new PooledBuffer();
        var writer = new ThriftWriter(buffer);
        short outer = writer.BeginElement();
        writer.List(1, ThriftWriter.True, index.NullPages.Length);
        foreach (bool isNull in index.NullPages)
        {
            writer.BoolElement(isNull);
        }

        foreach ((short id, ImmutableArray<byte[]> bounds) in new[] { ((short)2, index.MinValues), ((short)3, index.MaxValues) })
        {
            writer.List(id, ThriftWriter.BinaryType, bounds.Length);
            foreach (byte[] bound in bounds)
            {
                writer.BinaryElement(bound);
            }
        }

        writer.I32(4, (int)index.BoundaryOrder);
        writer.I64List(5, index.NullCounts.AsSpan());
        if (!index.DefinitionLevelHistograms.IsEmpty)
        {
            writer.I64List(6, index.RepetitionLevelHistograms.AsSpan());
            writer.I64List(7, index.DefinitionLevelHistograms.AsSpan());
        }

        writer.EndStruct(outer);
        return buffer.Written.ToArray();
    }
}
