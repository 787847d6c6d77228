namespace Lakehouse.Parquet;

/// <summary>Tells from what is known of a row group which of its rows can be wanted at all. It may say too many, never too few.</summary>
public interface IRowPruning
{
    /// <summary>The columns of which bounds help.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>Those of them of which a bloom filter helps.</summary>
    IReadOnlyList<string> EqualityColumns { get; }

    /// <summary>The rows that can be wanted. The facts stay the caller's.</summary>
    RowRanges Possible(RowGroupFacts facts);
}
