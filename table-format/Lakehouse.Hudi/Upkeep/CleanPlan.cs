using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>What a clean deletes.</summary>
/// <param name="Policy">What it keeps.</param>
/// <param name="EarliestInstant">Hudi's name for the first instant that the policy keeps; null where it keeps by versions, or keeps all.</param>
/// <param name="EarliestAction">That instant's action, or empty.</param>
/// <param name="LastInstant">The newest instant when it was planned.</param>
/// <param name="Files">The files, by path.</param>
/// <param name="RetainedFrom">The first instant that is still whole afterwards; null when nothing is deleted.</param>
public sealed record CleanPlan(
    CleanPolicy Policy,
    string? EarliestInstant,
    string EarliestAction,
    string LastInstant,
    ImmutableArray<CleanedFile> Files,
    string? RetainedFrom)
{
    /// <summary>The oldest instant whose replaced files are still there afterwards; null when there is none.</summary>
    public string? SparedFrom { get; init; }

    internal ImmutableArray<KeyValuePair<string, ImmutableArray<CleanedFile>>> FilesByPartition() =>
    [
        .. Files.GroupBy(static f => f.Path.Parent.Value, StringComparer.Ordinal)
            .OrderBy(static g => g.Key, StringComparer.Ordinal)
            .Select(static g => KeyValuePair.Create(g.Key, g.ToImmutableArray())),
    ];
}

/// <summary>A data file that no retained instant and no savepoint shows.</summary>
/// <param name="Path">The file.</param>
/// <param name="ByteCount">Its size.</param>
/// <param name="ShownUntil">The instant that superseded or replaced it: from there on nobody needs it.</param>
public sealed record CleanedFile(ObjectPath Path, long ByteCount, string ShownUntil);
