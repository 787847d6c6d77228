namespace Lakehouse.Conformance.Tests;

/// <summary>A row as it was written: the values as texts in schema order, and where it went.</summary>
internal sealed record SampleRow(string?[] Values, long Offset, string PartitionPath, string FileId);

/// <summary>Rows that one commit made visible.</summary>
internal sealed record SampleCommit(string Instant, IReadOnlyList<SampleRow> Rows);
