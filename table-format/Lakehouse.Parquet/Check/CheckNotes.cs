using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>Collects what a check finds. Not thread safe.</summary>
internal sealed class CheckNotes
{
    private readonly ImmutableArray<FileFinding>.Builder _findings = ImmutableArray.CreateBuilder<FileFinding>();

    internal long PageCount { get; set; }

    internal long ValueCount { get; set; }

    internal long IndexCount { get; set; }

    internal void Say(FileFindingKind kind, int? rowGroup, string? column, long offset, string what)
    {
        if (_findings.Count < FileCheck.FindingsMax)
        {
            _findings.Add(new FileFinding(kind, rowGroup, column, offset, what));
        }
    }

    internal FileCheckReport Report() => new(_findings.ToImmutable(), PageCount, ValueCount, IndexCount);
}
