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
        var replacement = new TableReplacement(table, "erasure", self.Options, self.Time, self.Random);
        for (int tries = 0; tries < TriesMax; tries++)
        {
            ObjectPath staging = replacement.StagingFolder();
            if (await replacement.SettleAsync(CancellationToken.None) is not { } on
                || await PlanAsync(table, on.Snapshot, staging, every) is not { } plan)
            {
                return;
            }

            await self.WaitAsync(400);
            CommitResult result = await replacement.CommitAsync(on, plan, CancellationToken.None);
            await replacement.DeleteStagingAsync(staging);
            if (result is CommitResult.Committed)
            {
                break;
            }
        }

        await replacement.LeaveLineAsync();
    }

    private async Task<Replacement?> PlanAsync(HudiTable table, TableSnapshot snapshot, ObjectPath staging, int every)
    {
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

        return erased == 0 ? null : new Replacement(files.ToImmutable(), replaced.ToImmutable(), erased);
    }
}
