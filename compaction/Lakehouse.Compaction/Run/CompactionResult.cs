using System.Collections.Immutable;
using System.Globalization;

namespace Lakehouse.Compaction;

/// <summary>What a compaction did.</summary>
/// <param name="Plan">What was wanted.</param>
public sealed record CompactionResult(CompactionPlan Plan)
{
    /// <summary>The instants that did it, in order.</summary>
    public ImmutableArray<string> Instants { get; init; } = [];

    /// <summary>Files that are gone from the table.</summary>
    public int FilesMerged { get; init; }

    /// <summary>Files that came instead.</summary>
    public int FilesWritten { get; init; }

    /// <summary>Rows in them.</summary>
    public long RowCount { get; init; }

    /// <summary>Bytes of the files that are gone.</summary>
    public long BytesMerged { get; init; }

    /// <summary>Bytes of the files that came.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Merged files that were dropped because others had replaced an input meanwhile; what is left of it is planned again.</summary>
    public int FilesDropped { get; init; }

    /// <summary>Inputs that cannot be merged, each with the reason in a sentence.</summary>
    public ImmutableArray<string> Refused { get; init; } = [];

    /// <summary>It ended before its plan was done, because it was told to.</summary>
    public bool IsCutShort { get; init; }

    /// <summary>What was done, in a sentence.</summary>
    internal string Sentence => FilesWritten == 0
        ? $"nothing was merged{Ending}"
        : string.Create(CultureInfo.InvariantCulture,
            $"merged {FilesMerged} files of {BytesMerged >> 20} MiB into {FilesWritten} of {BytesWritten >> 20} MiB, {RowCount} rows{Ending}");

    private string Ending => (FilesDropped, IsCutShort) switch
    {
        (0, false) => "",
        (0, true) => "; the rest waits",
        (var dropped, false) => string.Create(CultureInfo.InvariantCulture, $"; {dropped} outputs were dropped because others replaced their inputs"),
        (var dropped, true) => string.Create(
            CultureInfo.InvariantCulture, $"; {dropped} outputs were dropped because others replaced their inputs, the rest waits"),
    };
}
