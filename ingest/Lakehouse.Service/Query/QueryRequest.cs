using System.Collections.Immutable;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary>What is asked of a table.</summary>
internal sealed record QueryRequest
{
    /// <summary>Columns to show; empty shows all but Hudi's meta columns. Not together with aggregates.</summary>
    public ImmutableArray<string> Select { get; init; } = [];

    /// <summary>Only rows for which this SQL condition is true, or null.</summary>
    public string? Where { get; init; }

    /// <summary>Columns that make groups.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];

    /// <summary>What is computed per group; empty shows rows.</summary>
    public ImmutableArray<AggregateCall> Aggregates { get; init; } = [];

    /// <summary>Only the table as of this instant and only commits after that one.</summary>
    public InstantRange Range { get; init; } = InstantRange.Whole;

    /// <summary>Most rows or groups to give.</summary>
    public int Limit { get; init; } = 20;
}

/// <summary>The answer, and what it cost.</summary>
/// <param name="Columns">Headings.</param>
/// <param name="Rows">Values as JSON has them: null, bool, long, double, string.</param>
/// <param name="HasMore">True when the limit cut something off.</param>
/// <param name="FilesRead">Files opened.</param>
/// <param name="RowGroupsRead">Row groups decoded.</param>
/// <param name="RowGroupsSkipped">Row groups whose statistics rule the condition out.</param>
/// <param name="RowsScanned">Rows decoded.</param>
internal sealed record QueryResult(
    ImmutableArray<string> Columns,
    ImmutableArray<object?[]> Rows,
    bool HasMore,
    int FilesRead,
    int RowGroupsRead,
    int RowGroupsSkipped,
    long RowsScanned);
