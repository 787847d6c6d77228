using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Hudi;

/// <summary>
/// The hash of a table's rows, taken column by column, one row group after the other; it takes nine bytes for each row of the largest one.
/// What a file gave counts when it has ended. Not thread safe.
/// </summary>
/// <param name="schema">The columns of the files, of which the first is the instant.</param>
/// <param name="since">Only rows of later instants are wanted; empty: all.</param>
internal sealed class TableHash(Schema schema, string since)
{
    private readonly ulong[] _seeds = [.. schema.Fields.Select(ValueHash.Seed)];
    private readonly byte[] _since = Encoding.ASCII.GetBytes(since);
    private readonly long[] _taken = new long[schema.Count];
    private readonly Sums _table = new(schema.Count);
    private Sums _file = new(schema.Count);
    private ulong[] _rows = [];
    private bool[] _isWanted = [];
    private int _rowCount;

    /// <summary>Begins a file. Throws <see cref="ParquetFormatException"/> when it has other columns.</summary>
    internal void BeginFile(Schema columns)
    {
        if (!columns.Equals(schema))
        {
            throw new ParquetFormatException($"The file has the columns {columns}, the table {schema}.");
        }

        _file = new Sums(schema.Count);
    }

    internal void BeginRowGroup()
    {
        Array.Clear(_taken);
        Array.Clear(_rows, 0, _rowCount);
        _rowCount = 0;
    }

    /// <summary>Takes the values of a column from a row of the row group on; the instants must come before those of other columns.</summary>
    internal void Take(int column, long firstRow, ColumnVector values)
    {
        if (firstRow + values.Length > Array.MaxLength / sizeof(ulong))
        {
            throw new ParquetFormatException($"A row group of more than {Array.MaxLength / sizeof(ulong)} rows is not hashed.");
        }

        int first = (int)firstRow;
        Grow(first + values.Length);
        _taken[column] += values.Length;
        Span<bool> wanted = _isWanted.AsSpan(first, values.Length);
        if (column == 0)
        {
            for (int i = 0; i < wanted.Length; i++)
            {
                wanted[i] = values.BytesAt(i).SequenceCompareTo(_since) > 0;
            }
        }

        if (IsHashed(column))
        {
            _file.Columns[column] += ValueHash.Add(values, _seeds[column], _rows.AsSpan(first, values.Length), wanted);
        }
    }

    /// <summary>Ends a row group; false when a column did not bring as many values as there are rows.</summary>
    internal bool EndRowGroup(long rowCount)
    {
        if (_taken.AsSpan().ContainsAnyExcept(rowCount))
        {
            return false;
        }

        ReadOnlySpan<bool> wanted = _isWanted.AsSpan(0, (int)rowCount);
        _file.Rows = ValueHash.AddRows(_rows.AsSpan(0, (int)rowCount), wanted, _file.Rows);
        _file.RowCount += wanted.Count(true);
        return true;
    }

    /// <summary>Counts what the file gave.</summary>
    internal void EndFile() => _table.Add(_file);

    internal DeepReport Report(ImmutableArray<Finding> findings) => new(
        _table.RowCount,
        Text(_table.Rows.High) + Text(_table.Rows.Low),
        [
            .. schema.Fields.Select((f, c) => (f.Name, Column: c))
                .Where(p => IsHashed(p.Column))
                .Select(p => new ColumnHash(p.Name, Text(_table.Columns[p.Column]))),
        ],
        findings);

    private void Grow(int rowCount)
    {
        _rowCount = Math.Max(_rowCount, rowCount);
        if (rowCount > _rows.Length)
        {
            int length = Math.Max(rowCount, 2 * _rows.Length);
            Array.Resize(ref _rows, length);
            Array.Resize(ref _isWanted, length);
        }
    }

    private bool IsHashed(int column) => schema[column].Name is not (MetaColumns.CommitTime or MetaColumns.FileName);

    private static string Text(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);

    private sealed class Sums(int columnCount)
    {
        internal ulong[] Columns { get; } = new ulong[columnCount];

        internal (ulong High, ulong Low) Rows { get; set; }

        internal long RowCount { get; set; }

        internal void Add(Sums other)
        {
            for (int c = 0; c < Columns.Length; c++)
            {
                Columns[c] += other.Columns[c];
            }

            Rows = (Rows.High + other.Rows.High, Rows.Low + other.Rows.Low);
            RowCount += other.RowCount;
        }
    }
}
