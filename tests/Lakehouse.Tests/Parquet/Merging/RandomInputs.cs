using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Parquet;

/// <summary>
/// Random small files to be merged: of one sink, whose dictionaries go on, or of several; written alike or each by other options; of one
/// schema or of its older forms. And the rows that the merged file must hold.
/// </summary>
internal sealed class RandomInputs
{
    private RandomInputs(Schema schema, ParquetWriterOptions options) => (Schema, Options) = (schema, options);

    /// <summary>The schema of the merged file.</summary>
    internal Schema Schema { get; }

    /// <summary>What the first file was written with.</summary>
    internal ParquetWriterOptions Options { get; }

    internal List<ObjectPath> Paths { get; } = [];

    /// <summary>Whether any file has another schema than the merged one.</summary>
    internal bool IsEvolved { get; private set; }

    /// <summary>The texts of the values, column by column; the second ones with maps as lists of pairs.</summary>
    internal List<(string Text, string WithPairs)>[] Columns { get; private set; } = [];

    /// <summary>The row at which each file begins.</summary>
    internal List<int> Starts { get; } = [];

    /// <summary>The rows, by number, in the order in which a plan has them.</summary>
    internal IEnumerable<int> Order(MergePlan plan, IReadOnlyList<MergeSource> sources) => plan.RowGroups.SelectMany(static g => g.Inputs).SelectMany(i =>
    {
        ReadOnlySpan<RowGroup> groups = sources[i.Source].MetaData.RowGroups.AsSpan();
        int start = Starts[i.Source];
        foreach (RowGroup before in groups[..i.RowGroup])
        {
            start += (int)before.NumRows;
        }

        return Enumerable.Range(start, (int)groups[i.RowGroup].NumRows);
    });

    /// <summary>The text of a row.</summary>
    internal string Row(int row) => string.Join('|', Columns.Select(c => c[row].Text));

    internal static async Task<RandomInputs> WriteAsync(
        IObjectStore store, Random random, int rowsMax, CancellationToken stop, Schema? schema = null, bool isFar = false)
    {
        schema ??= RandomRows.Schema(random);
        bool isAlike = random.Next(5) < 3;
        bool isOneSink = random.Next(3) > 0;
        bool isEvolved = isFar || random.Next(3) == 0;
        int distinct = random.Next(3) switch { 0 => 20, 1 => 2_000, _ => 200_000 };
        ParquetWriterOptions common = RandomOptions.Of(random);
        var inputs = new RandomInputs(schema, common) { Columns = [.. schema.Fields.Select(static _ => new List<(string, string)>())] };
        var sink = new ColumnWriterState();
        for (int file = random.Next(1, 6); file > 0; file--)
        {
            Schema own = isEvolved && random.Next(2) == 0 ? RandomEvolution.Before(random, schema, isFar) : schema;
            inputs.IsEvolved |= !own.Equals(schema);
            ParquetWriterOptions options = (isAlike ? common : RandomOptions.Of(random)).WithFilters(random, own);
            var path = new ObjectPath(FormattableString.Invariant($"in/{inputs.Paths.Count}.parquet"));
            using var writer = new ParquetFileWriter(
                own, options, new Dictionary<string, ConstantColumn>(), isOneSink && own.Equals(schema) ? sink : new ColumnWriterState());
            inputs.Starts.Add(inputs.Columns[0].Count);
            for (int batch = random.Next(1, 3); batch > 0; batch--)
            {
                using RecordBatch rows = RandomRows.Batch(random, own, random.Next(1, rowsMax), distinct);
                writer.Write([.. rows.Columns], rows.RowCount);
                inputs.Add(rows);
            }

            await using IObjectUpload upload = await store.BeginUploadAsync(path, stop);
            await writer.CompleteAsync(upload, stop);
            await upload.CompleteAsync(stop);
            inputs.Paths.Add(path);
        }

        return inputs;
    }

    private void Add(RecordBatch rows)
    {
        for (int c = 0; c < Schema.Count; c++)
        {
            ColumnVector? column = RandomEvolution.Column(rows, Schema[c]);
            ColumnType type = Schema[c].Type;
            Columns[c].AddRange(Enumerable.Range(0, rows.RowCount).Select(r => column is null
                ? ("N", "N")
                : (RandomEvolution.Text(column, r, type), RandomEvolution.Text(column, r, type, mapsArePairs: true))));
        }
    }
}
