using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>Broken: the committer of every pipeline is put aside for one that lacks a rule.</summary>
/// <param name="isUnfenced">It commits ranges whether or not they continue the ledger.</param>
/// <param name="followsGroup">It lets the sources begin at the group's offsets instead of the ledger's.</param>
internal sealed class BrokenCommitter(bool isUnfenced, bool followsGroup) : Sabotage
{
    internal override void Break(Pipeline pipeline, SimulatedLog log) =>
        CommitterOf(pipeline.Job) = new Committer(OwnCommitterOf(pipeline), log, isUnfenced, followsGroup);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_committer")]
    private static extern ref ICommitter CommitterOf(Job job);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_committer")]
    private static extern ref HudiCommitter OwnCommitterOf(Pipeline pipeline);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_state")]
    private static extern ref TableState? StateOf(HudiCommitter committer);

    private sealed class Committer(HudiCommitter real, SimulatedLog log, bool isUnfenced, bool followsGroup) : ICommitter
    {
        public async Task<CommittedState> ReadCommittedAsync(CancellationToken cancellation)
        {
            CommittedState committed = await real.ReadCommittedAsync(cancellation);
            if (followsGroup)
            {
                ref TableState? state = ref StateOf(real);
                state = state! with { Ledger = AtGroupOffsets(state.Ledger) }; // It was read just now.
            }

            return committed;
        }

        public async Task<bool> StillFitsAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation) =>
            await real.StillFitsAsync(await BentAsync(checkpoint, cancellation), cancellation);

        public async Task<CommitOutcome> CommitAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation) =>
            await real.CommitAsync(await BentAsync(checkpoint, cancellation), cancellation);

        private Ledger AtGroupOffsets(Ledger ledger)
        {
            IReadOnlyDictionary<TopicPartition, long> offsets = log.MirroredOffsets(PipelineSystem.Group);
            return ledger with
            {
                Entries = ledger.Entries
                    .Where(entry => offsets.ContainsKey(new TopicPartition(entry.Key.Topic, entry.Key.Partition)))
                    .ToImmutableSortedDictionary(
                        static entry => entry.Key,
                        entry => entry.Value with { EndOffset = offsets[new TopicPartition(entry.Key.Topic, entry.Key.Partition)] }),
            };
        }

        /// <summary>The same files, with ranges that seem to continue the ledger.</summary>
        private async Task<CompletedCheckpoint> BentAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
        {
            if (!isUnfenced)
            {
                return checkpoint;
            }

            Ledger ledger = await real.ReadLedgerAsync(cancellation);
            return checkpoint with
            {
                Subtasks = [.. checkpoint.Subtasks.Select(subtask => subtask with { Source = Bent(subtask.Source, ledger) })],
            };
        }

        private static byte[] Bent(byte[] source, Ledger ledger)
        {
            Committable part = CheckpointParts.ReadSource(source);
            return (part with { Ranges = [.. part.Ranges.Select(range => Bent(range, ledger))] }).ToJson();
        }

        private static OffsetRange Bent(OffsetRange range, Ledger ledger) => ledger.Entries.TryGetValue(range.Key, out LedgerEntry? entry)
            ? range with { Start = entry.EndOffset, End = Math.Max(range.End, entry.EndOffset) }
            : range;
    }
}
