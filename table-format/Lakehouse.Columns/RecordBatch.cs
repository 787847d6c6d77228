using System.Collections.Immutable;

namespace Lakehouse.Columns;

/// <summary>
/// Rows of one schema as columns of equal length: what flows through a pipeline. It owns its columns: whoever receives a
/// batch disposes it, unless it hands it on. Not thread safe.
/// </summary>
public sealed class RecordBatch : IDisposable
{
    private ImmutableArray<ColumnVector> _columns;

    /// <summary>Makes a batch that owns the columns. Throws when count, length, type or nullability disagree with the schema.</summary>
    public RecordBatch(Schema schema, ImmutableArray<ColumnVector> columns, int rowCount)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (columns.Length != schema.Count)
        {
            throw new ArgumentException($"{columns.Length} columns for a schema of {schema.Count}.", nameof(columns));
        }

        for (int i = 0; i < columns.Length; i++)
        {
            ColumnVector column = columns[i];
            if (column.Length != rowCount || column.Type != schema[i].Type || (schema[i].Required && column.NullCount > 0))
            {
                throw new ArgumentException($"Column '{schema[i].Name}' ({column.Type}, {column.Length} rows, {column.NullCount} nulls) "
                    + $"does not fit {schema[i]} with {rowCount} rows.", nameof(columns));
            }
        }

        Schema = schema;
        _columns = columns;
        RowCount = rowCount;
    }

    /// <summary>Names and types of the columns.</summary>
    public Schema Schema { get; }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>The columns in schema order.</summary>
    public ImmutableArray<ColumnVector> Columns =>
        _columns.IsDefault ? throw new ObjectDisposedException(nameof(RecordBatch)) : _columns;

    /// <summary>Bytes held by the columns.</summary>
    public long ByteCount
    {
        get
        {
            long bytes = 0;
            foreach (ColumnVector column in Columns)
            {
                bytes += column.ByteCount;
            }

            return bytes;
        }
    }

    /// <summary>Takes the columns out: the caller owns them and this batch is spent.</summary>
    public ImmutableArray<ColumnVector> Detach()
    {
        ImmutableArray<ColumnVector> columns = Columns;
        _columns = default;
        return columns;
    }

    /// <summary>
    /// This batch's columns with one more, in a new batch of the schema that has it; the new batch owns them all, this one is spent.
    /// </summary>
    public RecordBatch Append(Schema longer, ColumnVector column) => new(longer, Detach().Add(column), RowCount);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_columns.IsDefault)
        {
            foreach (ColumnVector column in Detach())
            {
                column.Dispose();
            }
        }
    }
}
