using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Hudi;

/// <summary>What reading every value of a table gave.</summary>
/// <param name="RowCount">Rows hashed.</param>
/// <param name="Hash">
/// 32 hexadecimal digits over all rows: equal for tables that hold the same rows with the same identity, however they lie in files.
/// </param>
/// <param name="Columns">The hash of each column, which says where two tables differ.</param>
/// <param name="Findings">Bytes that do not match their checksum, and statistics that do not fit the values.</param>
public sealed record DeepReport(long RowCount, string Hash, ImmutableArray<ColumnHash> Columns, ImmutableArray<Finding> Findings);

/// <summary>The hash of a column's values: 16 hexadecimal digits.</summary>
public sealed record ColumnHash(string Name, string Hash);

/// <summary>
/// Reads every page of a table, and hashes the rows: data columns and identity (<c>_hoodie_commit_seqno</c>, <c>_hoodie_record_key</c>,
/// <c>_hoodie_partition_path</c>), not the instant and the file name, which differ between tables with the same rows.
/// </summary>
public static class DeepReader
{
    /// <summary>How many findings of one file are told; <c>lakehouse parquet check</c> has them all.</summary>
    private const int FindingsMax = 20;

    /// <summary>Reads the rows that a snapshot shows, or of them those of commits after an instant.</summary>
    public static async Task<DeepReport> ReadAsync(
        HudiTable table, TableSnapshot snapshot, string? since, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(snapshot);
        var hashes = new TableHash(MetaColumns.FileSchema(table.Config.Schema));
        var findings = ImmutableArray.CreateBuilder<Finding>();
        byte[] from = Encoding.ASCII.GetBytes(since ?? "");
        IEnumerable<FileSlice> files = snapshot.FileSlices.Where(f => since is null || string.CompareOrdinal(f.Instant, since) > 0);
        await foreach ((FileSlice file, Task<ParquetFileReader> opening) in table.OpenAheadAsync(files, cancellation))
        {
            try
            {
                ParquetFileReader reader = await opening;
                await foreach (RecordBatch batch in reader.ReadAsync(null, cancellation))
                {
                    using (batch)
                    {
                        Take(hashes, batch, from);
                    }
                }

                FileCheckReport check = await FileCheck.RunAsync(table.Store, file.Path, cancellation);
                findings.AddRange(check.Findings.Take(FindingsMax)
                    .Select(f => new Finding(FindingKind.StatisticsMismatch, file.Path.Value, f.ToString())));
            }
            catch (ParquetFormatException e)
            {
                findings.Add(new Finding(FindingKind.UnreadableFile, file.Path.Value, e.Message));
            }
        }

        return hashes.Report(findings.ToImmutable());
    }

    private static void Take(TableHash hashes, RecordBatch batch, ReadOnlySpan<byte> since)
    {
        ColumnVector times = batch.Columns[0];
        int[] rows = ArrayPool<int>.Shared.Rent(batch.RowCount);
        int count = 0;
        for (int i = 0; i < batch.RowCount; i++)
        {
            if (times.BytesAt(i).SequenceCompareTo(since) > 0)
            {
                rows[count++] = i;
            }
        }

        if (count == batch.RowCount)
        {
            hashes.Add(batch);
        }
        else
        {
            using RecordBatch later = RowSelection.Take(batch, rows.AsSpan(0, count));
            hashes.Add(later);
        }

        ArrayPool<int>.Shared.Return(rows);
    }

    private sealed class TableHash(Schema schema)
    {
        private readonly Schema _schema = schema;
        private readonly ulong[] _seeds = [.. schema.Fields.Select(ValueHash.Seed)];
        private readonly ulong[] _columns = new ulong[schema.Count];
        private (ulong High, ulong Low) _rows;
        private long _rowCount;

        internal void Add(RecordBatch batch)
        {
            if (!batch.Schema.Equals(_schema))
            {
                throw new ParquetFormatException($"The file has the columns {batch.Schema}, the table {_schema}.");
            }

            ulong[] rented = ArrayPool<ulong>.Shared.Rent(Math.Max(batch.RowCount, 1));
            Span<ulong> rows = rented.AsSpan(0, batch.RowCount);
            rows.Clear();
            for (int c = 0; c < _columns.Length; c++)
            {
                if (IsHashed(c))
                {
                    _columns[c] += ValueHash.Add(batch.Columns[c], _seeds[c], rows);
                }
            }

            _rows = ValueHash.AddRows(rows, _rows);
            _rowCount += batch.RowCount;
            ArrayPool<ulong>.Shared.Return(rented);
        }

        internal DeepReport Report(ImmutableArray<Finding> findings) => new(
            _rowCount,
            Text(_rows.High) + Text(_rows.Low),
            [.. _schema.Fields.Select((f, c) => (f, c)).Where(p => IsHashed(p.c)).Select(p => new ColumnHash(p.f.Name, Text(_columns[p.c])))],
            findings);

        private bool IsHashed(int column) => _schema[column].Name is not (MetaColumns.CommitTime or MetaColumns.FileName);

        private static string Text(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
