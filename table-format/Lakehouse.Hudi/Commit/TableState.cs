using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>What a table knows about its writers: where everybody goes on from.</summary>
/// <param name="Sequence">The newest decided number; 0 when there is none.</param>
/// <param name="Instant">The newest instant that is part of the table, or null.</param>
/// <param name="Ledger">What the table holds.</param>
/// <param name="Checkpoints">The newest committed checkpoint of each pipeline and worker.</param>
public sealed record TableState(long Sequence, string? Instant, Ledger Ledger, ImmutableArray<CheckpointReference> Checkpoints)
{
    /// <summary>The newest committed checkpoint of a worker of a pipeline, or null.</summary>
    public CheckpointReference? CheckpointOf(string pipeline, string worker) =>
        Checkpoints.FirstOrDefault(c => c.Pipeline == pipeline && c.Worker == worker);

    internal static TableState Empty { get; } = new(0, null, Ledger.Empty, []);

    internal TableState With(CheckpointReference checkpoint) => this with
    {
        Checkpoints =
        [
            .. Checkpoints.Where(c => c.Pipeline != checkpoint.Pipeline || c.Worker != checkpoint.Worker),
            checkpoint,
        ],
    };
}
