using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

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
        var hash = new TableHash(MetaColumns.FileSchema(table.Config.Schema), since ?? "");
        var findings = ImmutableArray.CreateBuilder<Finding>();
        IEnumerable<FileSlice> files = snapshot.FileSlices.Where(f => since is null || string.CompareOrdinal(f.Instant, since) > 0);
        await foreach ((FileSlice file, Task<ParquetFileReader> opening) in table.OpenAheadAsync(files, cancellation))
        {
            try
            {
                findings.AddRange(await TakeAsync(file.Path, await opening, hash, cancellation));
            }
            catch (ParquetFormatException e)
            {
                findings.Add(new Finding(FindingKind.UnreadableFile, file.Path.Value, e.Message));
            }
        }

        return hash.Report(findings.ToImmutable());
    }

    /// <summary>
    /// Decodes a file once: its values are hashed while it is checked. Only nested columns are decoded once more, since they are hashed as
    /// whole values and checked leaf by leaf. Rows of a damaged file count nothing.
    /// </summary>
    internal static async Task<IEnumerable<Finding>> TakeAsync(
        ObjectPath path, ParquetFileReader reader, TableHash hash, CancellationToken cancellation)
    {
        hash.BeginFile(reader.Schema);
        string[] nested = [.. reader.Schema.Fields.Where(static f => f.Type.IsNested).Select(static f => f.Name)];
        await using FileCheck check = await FileCheck.BeginAsync(reader, cancellation);
        bool isWhole = true;
        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            hash.BeginRowGroup();
            await check.CheckRowGroupAsync(g, hash.Take, cancellation);
            if (nested.Length > 0 && Damage(check.Report()) is null)
            {
                await TakeNestedAsync(reader, g, nested, hash, cancellation);
            }

            isWhole &= hash.EndRowGroup(reader.MetaData.RowGroups[g].NumRows);
        }

        FileCheckReport report = check.Report();
        FileFinding? damage = Damage(report);
        if (damage is not null || !isWhole)
        {
            string what = (damage ?? report.Findings.FirstOrDefault())?.ToString() ?? "Its columns do not have as many rows as its footer says.";
            return [new Finding(FindingKind.UnreadableFile, path.Value, what)];
        }

        hash.EndFile();
        return report.Findings.Take(FindingsMax).Select(f => new Finding(FindingKind.StatisticsMismatch, path.Value, f.ToString()));
    }

    private static FileFinding? Damage(FileCheckReport report) =>
        report.Findings.FirstOrDefault(static f => f.Kind is FileFindingKind.Damage or FileFindingKind.Checksum);

    private static async Task TakeNestedAsync(
        ParquetFileReader reader, int group, string[] columns, TableHash hash, CancellationToken cancellation)
    {
        int[] positions = [.. columns.Select(reader.Schema.IndexOf)];
        var request = new ReadRequest { Columns = columns, Rows = g => g == group ? null : RowRanges.None };
        long row = 0;
        await foreach (RecordBatch batch in reader.ScanAsync(request, cancellation))
        {
            using (batch)
            {
                for (int c = 0; c < positions.Length; c++)
                {
                    hash.Take(positions[c], row, batch.Columns[c]);
                }

                row += batch.RowCount;
            }
        }
    }
}
