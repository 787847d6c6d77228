using Lakehouse.Compaction;
using Lakehouse.Hudi;

namespace Lakehouse.Tests.Protocol;

/// <summary>One life of a process that merges small files again and again, beside workers, services and others like it.</summary>
internal sealed class CompactorLife(TableProcess self, int runs)
{
    internal async Task RunAsync()
    {
        HudiTable table = await self.OpenAsync();
        for (int i = 0; i < runs; i++)
        {
            await self.WaitAsync(self.System.ServicePause);
            CompactionResult result = await RunAsync(table);
            self.System.Tally.FilesMerged += result.FilesMerged;
            self.System.Tally.MergesDropped += result.FilesDropped;
        }
    }

    private async Task<CompactionResult> RunAsync(HudiTable table)
    {
        var policy = new CompactionPolicy
        {
            TargetFileBytes = self.Random.Next(200, 2_000),
            InputsMin = self.Random.Next(2, 5),
            KeepsOrder = self.Random.Next(2) == 0,
            Concurrency = self.Random.Next(1, 3),
        };
        var replacement = new TableReplacement(table, "compaction", self.Options, self.Time, self.Random);
        var run = new CompactionRun(replacement, policy, new TextMerging(table, () => self.WaitAsync(400)), self.Time);
        try
        {
            return await run.RunAsync(CancellationToken.None);
        }
        catch (HudiException)
        {
            self.System.Tally.Refusals++;
            return new CompactionResult(CompactionPlan.None);
        }
    }
}
