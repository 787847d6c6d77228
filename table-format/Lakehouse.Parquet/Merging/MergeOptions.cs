using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>What a merged file is to be.</summary>
public sealed record MergeOptions
{
    /// <summary>
    /// The columns of the output: one that an input lacks is padded with nulls, one that is not named here is dropped. Null: those of the last
    /// input, which then must have every column of the others.
    /// </summary>
    public Schema? Schema { get; init; }

    /// <summary>Columns of one value, whatever the inputs hold.</summary>
    public IReadOnlyDictionary<string, ConstantColumn> Constants { get; init; } = new Dictionary<string, ConstantColumn>(StringComparer.Ordinal);

    /// <summary>Codec, level, encodings and pages of what is written again; what is copied keeps its own.</summary>
    public ParquetWriterOptions Writer { get; init; } = new();

    /// <summary>Compressed bytes that the row groups of the output should have; an input row group of half of it stays one.</summary>
    public long RowGroupBytes
    {
        get;
        init => field = value is > 0 and <= 1L << 30 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 128L << 20;

    /// <summary>Rows that the row groups of the output should have at most.</summary>
    public long RowGroupRows
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 1L << 20;

    /// <summary>Bytes up to which the dictionaries of a column are joined; where they would be more, values are encoded again.</summary>
    public int DictionaryBytesMax
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 8 << 20;

    /// <summary>
    /// Pages with fewer rows than this on average, and fewer than 16 KiB, cost readers more than they hold and are joined; 0: none are.
    /// </summary>
    public int SmallPageRows { get; init; } = 4096;

    /// <summary>
    /// True: rows stay in the order of the inputs. Otherwise an input may come earlier, where that saves work: no page of a dictionary may
    /// follow one without (parquet-format, and Spark's reader above all).
    /// </summary>
    public bool KeepsOrder { get; init; }

    /// <summary>
    /// Whether the output is uploaded to the store that all inputs lie in: row groups that go over whole are then moved by the store itself,
    /// where it can.
    /// </summary>
    public bool MovesInStore { get; init; }

    /// <summary>
    /// Bytes of inputs that are held at a time. A row group of the output whose inputs are more is merged column by column; one column is
    /// always held whole.
    /// </summary>
    public long MemoryBytes
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 512L << 20;
}
