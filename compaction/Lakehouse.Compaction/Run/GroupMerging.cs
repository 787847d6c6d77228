using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Compaction;

/// <summary>Makes one file of several, unseen.</summary>
internal interface IGroupMerging
{
    /// <summary>Stages what a group becomes. Throws <see cref="IOException"/> when an input cannot be read.</summary>
    Task<MergedGroup> MergeAsync(CompactionGroup group, ObjectPath staging, CancellationToken cancellation);
}

/// <summary>What became of a group: one file, or several where its inputs have columns that do not go together.</summary>
/// <param name="Files">The staged files with what they are merged from; an input may be in none.</param>
/// <param name="Refused">Inputs that cannot be merged, each with the reason in a sentence.</param>
internal sealed record MergedGroup(ImmutableArray<(StagedFile File, MergedFile From)> Files, ImmutableArray<string> Refused);
