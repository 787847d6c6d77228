using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Reads all values of a file, checksums and all, and holds what the file says of them against them: the bounds and the nulls of every
/// chunk, and of every page by the page index. Readers skip by these numbers, so a wrong one hides rows without an error.
/// </summary>
public static class StatisticsCheck
{
    private const int WrongMax = 20;

    /// <summary>
    /// Reads a file; <paramref name="take"/> sees every batch of all columns and does not keep it. Returns what is wrong, the first twenty.
    /// Throws <see cref="ParquetFormatException"/> where bytes are damaged.
    /// </summary>
    public static async Task<ImmutableArray<string>> RunAsync(
        ParquetFileReader reader, Action<RecordBatch> take, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(take);
        var wrong = ImmutableArray.CreateBuilder<string>();
        for (int i = 0; i < reader.MetaData.RowGroups.Length; i++)
        {
            int g = i;
            RowGroup group = reader.MetaData.RowGroups[g];
            var chunks = new ChunkStatisticsCheck?[reader.Schema.Count];
            int[] flat = [.. Enumerable.Range(0, chunks.Length).Select(reader.ChunkOf).Where(c => c >= 0 && c < group.Columns.Length)];
            ImmutableDictionary<int, ColumnIndex> columns = await reader.Indexes.ReadColumnsAsync(g, flat, cancellation);
            ImmutableDictionary<int, OffsetIndex> offsets = await reader.Indexes.ReadOffsetsAsync(g, flat, cancellation);
            for (int c = 0; c < chunks.Length; c++)
            {
                // Statistics of nested columns count entries and are of their leaves; only flat columns are held against theirs.
                if (reader.ChunkOf(c) is >= 0 and int chunk && chunk < group.Columns.Length)
                {
                    chunks[c] = new ChunkStatisticsCheck(
                        reader.Schema[c],
                        group.Columns[chunk].MetaData.Statistics,
                        columns.GetValueOrDefault(chunk),
                        offsets.GetValueOrDefault(chunk),
                        group.NumRows);
                }
            }

            await foreach (RecordBatch batch in reader.ScanAsync(
                new ReadRequest { Rows = candidate => candidate == g ? null : RowRanges.None }, cancellation))
            {
                using (batch)
                {
                    for (int c = 0; c < chunks.Length; c++)
                    {
                        chunks[c]?.Add(batch.Columns[c]);
                    }

                    take(batch);
                }
            }

            foreach (ChunkStatisticsCheck chunk in chunks.OfType<ChunkStatisticsCheck>())
            {
                chunk.End();
                wrong.AddRange(chunk.Wrong.Select(w => FormattableString.Invariant($"row group {g}, {w}")));
            }
        }

        return [.. wrong.Take(WrongMax)];
    }
}
