using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Testing;

namespace Lakehouse.Conformance.Tests;

/// <summary>What every reader must see of a table: made from what was written, without reading it back.</summary>
internal sealed class ExpectedTable
{
    private readonly string?[][] _rows;

    internal ExpectedTable(SampleShape shape, IEnumerable<SampleCommit> commits)
    {
        Schema = MetaColumns.FileSchema(SampleTable.Schema);
        _rows = [.. commits.SelectMany(commit => commit.Rows.Select(row => Row(shape, commit, row)))];
    }

    /// <summary>The columns of the data files.</summary>
    internal Schema Schema { get; }

    internal int RowCount => _rows.Length;

    /// <summary>Every row as one text, sorted: equal lists mean equal tables.</summary>
    internal string[] Rows => Sorted(_rows);

    /// <summary>The data files.</summary>
    internal IEnumerable<string> FileNames =>
        _rows.Select(row => row[Schema.IndexOf(MetaColumns.FileName)] ?? "").Distinct().Order(StringComparer.Ordinal);

    /// <summary>Rows of each instant.</summary>
    internal IEnumerable<(string Instant, long RowCount)> CommitTimes =>
        _rows.GroupBy(row => row[0] ?? "").Select(g => (g.Key, g.LongCount())).OrderBy(g => g.Key, StringComparer.Ordinal);

    /// <summary>The checksums that hudi-rs's and Java's scripts compute.</summary>
    internal Dictionary<string, ColumnSum> Columns => Schema.Fields.Index().ToDictionary(
        f => f.Item.Name, f => Sum(f.Item.Type, _rows.Select(row => row[f.Index])), StringComparer.Ordinal);

    /// <summary>How many rows have each value of a column; a zero has no sign here, as in comparisons.</summary>
    internal IEnumerable<(string Value, long RowCount)> ValuesOf(string column) => _rows
        .Select(row => row[Schema.IndexOf(column)])
        .OfType<string>()
        .GroupBy(value => value == "-0" ? "0" : value, (value, rows) => (value, rows.LongCount()));

    /// <summary>Rows of a reader in the form of <see cref="Rows"/>.</summary>
    internal static string[] Sorted(IEnumerable<string?[]> rows) =>
        [.. rows.Select(row => string.Join('|', row.Select(v => v is null ? "-" : $"+{v}"))).Order(StringComparer.Ordinal)];

    private static string?[] Row(SampleShape shape, SampleCommit commit, SampleRow row)
    {
        string seqno = FormattableString.Invariant($"sample-0-{row.Offset}");
        string[] keys = [.. shape.RecordKeyFields.Select(field => row.Values[SampleTable.Schema.IndexOf(field)] switch
        {
            null => "__null__",
            "" => "__empty__",
            { } value => value,
        })];
        string key = keys.Length switch
        {
            0 => seqno,
            1 => keys[0],
            _ => string.Join(',', keys.Zip(shape.RecordKeyFields, (value, field) => $"{field}:{value}")),
        };
        string file = row.FileName ?? $"{row.FileId}_{SampleTable.WriteToken}_{commit.Instant}.parquet";
        return [commit.Instant, seqno, key, row.PartitionPath, file, .. row.Values];
    }

    private static ColumnSum Sum(ColumnType type, IEnumerable<string?> values)
    {
        ulong sum = 0;
        long nulls = 0;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (string? value in values)
        {
            if (value is null)
            {
                nulls++;
                continue;
            }

            SHA256.HashData(Encoding.UTF8.GetBytes(SampleValues.PythonText(type, value)), hash);
            sum = unchecked(sum + BinaryPrimitives.ReadUInt64BigEndian(hash));
        }

        return new ColumnSum(nulls, $"{sum:x16}");
    }
}
