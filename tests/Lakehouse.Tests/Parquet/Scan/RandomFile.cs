using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Parquet;

/// <summary>Files of our writer with random rows, and the rows of any file as text.</summary>
internal static class RandomFile
{
    internal static readonly ObjectPath Path = new("file.parquet");

    /// <summary>A file with some flat columns and some nested ones, written in three batches.</summary>
    internal static async Task<MemoryObjectStore> WriteAsync(Random random, ParquetWriterOptions options, int rowsMax, CancellationToken stop)
    {
        var fields = new List<Field> { new("id", TypeKind.Long, Required: true) };
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            fields.Add(new Field($"flat{i}", RandomRows.Types[random.Next(RandomRows.Types.Length)], random.Next(3) == 0));
        }

        for (int i = random.Next(3); i > 0; i--)
        {
            fields.Add(new Field($"nested{i}", RandomNested.Type(random), random.Next(2) == 0));
        }

        var schema = new Schema([.. fields]);
        options = options.WithFilters(random, schema);
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        int distinct = random.Next(2) == 0 ? 20 : 1_000_000;
        for (int batch = 0; batch < 3; batch++)
        {
            int rows = random.Next(1, rowsMax);
            ColumnVector[] columns =
            [
                .. schema.Fields.Select(f => f.Type.IsNested
                    ? RandomNested.Column(random, f, rows, distinct, longest: 100)
                    : RandomRows.Column(random, f, rows, distinct, random.Next(2) == 0)),
            ];
            writer.Write(columns, rows);
            Array.ForEach(columns, static c => c.Dispose());
        }

        return await StoreAsync(writer, stop);
    }

    /// <summary>Ends a file and puts it into a store of its own.</summary>
    internal static async Task<MemoryObjectStore> StoreAsync(ParquetFileWriter writer, CancellationToken stop)
    {
        var store = new MemoryObjectStore("file", TimeProvider.System);
        await using IObjectUpload upload = await store.BeginUploadAsync(Path, stop);
        await writer.CompleteAsync(upload, stop);
        await upload.CompleteAsync(stop);
        return store;
    }

    /// <summary>Rows as text, all columns.</summary>
    internal static async Task<List<string>> RowsAsync(ParquetFileReader reader, ReadRequest request, CancellationToken stop)
    {
        List<string> rows = [];
        await foreach (RecordBatch batch in reader.ScanAsync(request, stop))
        {
            using (batch)
            {
                rows.AddRange(Enumerable.Range(0, batch.RowCount)
                    .Select(r => string.Join('|', batch.Columns.Select(c => CanonicalText.Of(c, r)))));
            }
        }

        return rows;
    }

    /// <summary>Some rows of a row group: mostly a few short ranges, now and then none or all.</summary>
    internal static RowRanges Ranges(Random random, long count) => random.Next(8) switch
    {
        0 => RowRanges.None,
        1 => RowRanges.All(count),
        _ => RowRanges.Of([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ =>
        {
            long from = random.NextInt64(count);
            return new RowRange(from, Math.Min(count, from + random.NextInt64(1, random.Next(2) == 0 ? 20 : count + 1)));
        })]),
    };

    /// <summary>What of all rows of a file stands in the ranges of its row groups.</summary>
    internal static List<string> Chosen(ParquetFileReader reader, List<string> all, RowRanges[] ranges)
    {
        List<string> chosen = [];
        long start = 0;
        for (int g = 0; g < ranges.Length; g++)
        {
            foreach (RowRange range in ranges[g].Spans)
            {
                chosen.AddRange(all.GetRange((int)(start + range.From), (int)range.Count));
            }

            start += reader.MetaData.RowGroups[g].NumRows;
        }

        return chosen;
    }
}
