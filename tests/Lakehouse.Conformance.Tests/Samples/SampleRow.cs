namespace Lakehouse.Conformance.Tests;

/// <summary>A row as it was written: the values as texts in schema order, and where it went.</summary>
internal sealed record SampleRow(string?[] Values, long Offset, string PartitionPath, string FileId)
{
    /// <summary>The file that it stands in, when another instant than its own wrote that.</summary>
    internal string? FileName { get; init; }
}

/// <summary>Rows that one commit made visible.</summary>
internal sealed record SampleCommit(string Instant, IReadOnlyList<SampleRow> Rows);

/// <summary>An instant that left out rows and wrote the others of the same files again: per old file id the new file.</summary>
internal sealed record SampleErasure(string Instant, Func<SampleRow, bool> IsErased, IReadOnlyDictionary<string, string> Successors)
{
    /// <summary>What is left of a commit's rows.</summary>
    internal SampleCommit Apply(SampleCommit commit) => commit with
    {
        Rows =
        [
            .. commit.Rows
                .Where(row => !Successors.ContainsKey(row.FileId) || !IsErased(row))
                .Select(row => Successors.TryGetValue(row.FileId, out string? successor)
                    ? row with { FileId = successor, FileName = $"{successor}_0-0-0_{Instant}.parquet" }
                    : row),
        ],
    };
}
