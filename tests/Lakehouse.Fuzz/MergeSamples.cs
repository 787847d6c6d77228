using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Tests.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>Small files of our writer, of one schema and written in many ways, some of one sink: what the merger mostly meets.</summary>
internal static class MergeSamples
{
    private const int Rows = 300;

    private static readonly Schema Schema = new(
        new Field("id", TypeKind.Long, Required: true),
        new Field("city", TypeKind.String),
        new Field("fare", TypeKind.Double),
        new Field("stops", ColumnType.List(TypeKind.Int)),
        new Field("place", ColumnType.Struct(new Field("name", TypeKind.String), new Field("zip", TypeKind.Int))));

    internal static IEnumerable<byte[]> Make()
    {
        var sink = new ColumnWriterState();
        int number = 0;
        foreach (CompressionCodec codec in new[] { CompressionCodec.Uncompressed, CompressionCodec.Zstd, CompressionCodec.Snappy })
        {
            foreach (bool isV2 in new[] { false, true })
            {
                foreach (bool isShared in new[] { true, false })
                {
                    yield return Write(
                        new ParquetWriterOptions
                        {
                            Codec = codec,
                            PagesV2 = isV2,
                            PageRowCount = isShared ? 20_000 : 70,
                            RowGroupRowCountMax = isShared ? 1 << 20 : 160,
                            Encodings = isShared ? FurtherEncodings.None : FurtherEncodings.Delta | FurtherEncodings.ByteStreamSplit,
                            Dictionaries = isShared || codec != CompressionCodec.Zstd,
                            BloomFilters = isShared ? ["city"] : [],
                        },
                        isShared ? sink : null,
                        number++);
                }
            }
        }
    }

    /// <summary>Files of writers that begin with a dictionary and leave it, where every value is another one.</summary>
    internal static IEnumerable<byte[]> MakeOthers()
    {
        foreach (bool required in new[] { true, false })
        {
            foreach (bool checksums in new[] { true, false })
            {
                for (int seed = 0; seed < 3; seed++)
                {
                    int?[] indexes = [.. Enumerable.Range(0, Rows).SelectMany(i => required || i % 3 > seed ? [(int?)i] : new int?[] { null, i })];
                    CraftedFile file = new CraftedFile(required, checksums, zstd: true)
                        .Dictionary([.. Enumerable.Range(0, Rows).Select(i => i * (7 + seed))])
                        .Indexes(9, indexes[..100]).Indexes(9, indexes[100..])
                        .Plain([.. Enumerable.Range(0, Rows).Select(i => (int?)(i * 11))]);
                    yield return Stored((store, path) => file.PutAsync(store, path, CancellationToken.None));
                }
            }
        }
    }

    private static byte[] Write(ParquetWriterOptions options, ColumnWriterState? sink, int number)
    {
        ColumnBuilder[] builders = [.. Schema.Fields.Select(static f => new ColumnBuilder(f.Type))];
        for (int i = 0; i < Rows; i++)
        {
            int row = (number * Rows) + i;
            builders[0].Append((long)row * 1_001);
            if (row % 11 == 0)
            {
                builders[1].AppendNull();
                builders[2].AppendNull();
                builders[3].AppendNull();
                builders[4].AppendNull();
                continue;
            }

            builders[1].Append(Encoding.ASCII.GetBytes($"city {row % (10 + number)}"));
            builders[2].Append(row * 0.25);
            for (int stop = 0; stop < row % 4; stop++)
            {
                builders[3].Children[0].Append(row % 50);
            }

            builders[3].AppendNested();
            builders[4].Children[0].Append(Encoding.ASCII.GetBytes($"place {row % 7}"));
            builders[4].Children[1].Append(row % 100);
            builders[4].AppendNested();
        }

        using var rows = new RecordBatch(Schema, [.. builders.Select(static b => b.Finish())], Rows);
        Array.ForEach(builders, static b => b.Dispose());
        using var writer = new ParquetFileWriter(Schema, options, new Dictionary<string, ConstantColumn>(), sink);
        writer.Write([.. rows.Columns], Rows);
        return Stored((store, path) => WriteAsync(writer, store, path));
    }

    private static byte[] Stored(Func<MemoryObjectStore, ObjectPath, Task> put)
    {
        var store = new MemoryObjectStore("samples", TimeProvider.System);
        var path = new ObjectPath("sample.parquet");
        put(store, path).GetAwaiter().GetResult();
        return store.GetAsync(path, CancellationToken.None).GetAwaiter().GetResult() ?? throw new InvalidOperationException("The sample is gone.");
    }

    private static async Task WriteAsync(ParquetFileWriter writer, MemoryObjectStore store, ObjectPath path)
    {
        await using IObjectUpload upload = await store.BeginUploadAsync(path, CancellationToken.None);
        await writer.CompleteAsync(upload, CancellationToken.None);
        await upload.CompleteAsync(CancellationToken.None);
    }
}
