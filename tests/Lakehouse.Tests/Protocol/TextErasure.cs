using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Tests.Hudi;

namespace Lakehouse.Tests.Protocol;

/// <summary>What <see cref="TableErasure"/> does, for data files of text: every so-manieth record of the table goes.</summary>
internal sealed class TextErasure(TableProcess self)
{
    private const int TriesMax = 5;

    internal async Task RunAsync(int every)
    {
        HudiTable table = await self.OpenAsync();
        SequencedCommit SequenceOf(HudiTable one) => new(one, "erasure-" + self.Attempt, self.Attempt, self.Options, self.Time, self.Random);
        SequencedCommit sequence = SequenceOf(table);
        var followers = new FollowerTables(table, self.Options.OpenFollower, SequenceOf);
        for (int tries = 0; tries < TriesMax; tries++)
        {
            ObjectPath staging = HudiTable.StagingFolder("erasure", "delete", self.Attempt, tries);
            await sequence.RunAsync(null, followers.RollForwardAsync, CancellationToken.None);
            if (await PlanAsync(table, sequence.Settled, staging, every) is not { } proposal)
            {
                return;
            }

            await self.WaitAsync(400);
            Outcome? now = (await SequenceFolder.LookAsync(self.Store, CancellationToken.None)).Newest;
            CommitResult? result = await sequence.RunAsync(
                self.System.Dropped.Bend(proposal, now), followers.RollForwardAsync, CancellationToken.None);
            await Pruning.DeleteFolderAsync(self.Store, staging, CancellationToken.None);
            if (result is CommitResult.Committed)
            {
                return;
            }
        }
    }

    private async Task<ReplaceProposal?> PlanAsync(HudiTable table, Outcome? newest, ObjectPath staging, int every)
    {
        if (newest?.State.Instant is not { } instant)
        {
            return null;
        }

        TableSnapshot snapshot = await table.SnapshotAsync(instant, CancellationToken.None);
        if (snapshot.MissingFiles.Any())
        {
            throw new HudiException(self.Store.Root, "files are missing.");
        }

        var files = ImmutableArray.CreateBuilder<StagedFile>();
        var replaced = ImmutableArray.CreateBuilder<ReplacedGroup>();
        long erased = 0;
        foreach (FileSlice slice in snapshot.FileSlices)
        {
            byte[] content = await self.Store.GetAsync(slice.Path, CancellationToken.None)
                ?? throw new HudiException(self.Store.Root, $"'{slice.Path}' is gone.");
            ImmutableArray<TextRow> rows = TextFiles.Read(slice.Path, content);
            TextRow[] kept = [.. rows.Where(r => (r.Offset + r.Partition) % every != 0)];
            if (kept.Length == rows.Length)
            {
                continue;
            }

            erased += rows.Length - kept.Length;
            StagedFile? successor = kept.Length == 0
                ? null
                : await TextFiles.StageAsync(self.Store, staging, slice.PartitionPath, table.NewFileId(), kept);
            files.AddRange(successor is null ? [] : new[] { successor });
            replaced.Add(new ReplacedGroup(slice.PartitionPath, slice.FileId, successor?.FileId));
        }

        return erased == 0
            ? null
            : new ReplaceProposal(
                newest.Upkeep.ReplacedAt, newest.State.Ledger.HistoryEpoch, new RewritePlan(files.ToImmutable(), replaced.ToImmutable(), erased));
    }
}
