using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Service;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Ingest;

/// <summary>What replays mean to verification of parts of a history, to restore, to clean and to pruning.</summary>
public sealed class ReplayRestoreTests
{
    [Fact]
    public async Task Every_part_of_a_history_with_replays_is_proven()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        await bench.ReplayAsync("kafka_partition = 0");
        await bench.IngestAsync(4);
        await bench.ReplayAsync("kafka_offset % 2 = 0");
        await bench.IngestAsync(2);
        await bench.ReplayAsync();
        string[] instants = await bench.InstantsAsync(ReplayBench.Table);
        var counts = new List<(long Rows, long Letters)>();
        foreach (string? at in (string?[])[.. instants, null])
        {
            counts.Add(await bench.ProveAsync(new InstantRange(null, at)));
            foreach (string since in instants.Where(i => string.CompareOrdinal(i, at ?? "3") < 0))
            {
                await bench.ProveAsync(new InstantRange(since, at));
            }
        }

        Assert.Equal((18, 40), counts.First(c => c.Rows > 0));
        Assert.Contains((25, 30), counts);
        Assert.Equal(16 * 2, counts[^1].Letters);
    }

    [Fact]
    public async Task A_part_that_holds_a_replay_alone_tells_what_it_moved()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        string before = (await bench.InstantsAsync(ReplayBench.Table))[^1];
        await bench.ReplayAsync();
        TableCheck check = await bench.CheckAsync(new InstantRange(before, null));
        Assert.True(check.IsProven);
        Assert.Equal((14, 20), (check.Report.RowCount, check.Report.RowsReplayed));
        PartitionSummary first = check.Report.Partitions[0];
        Assert.Equal((0, 7, 3, 0, 10), (first.Read, first.Written, first.Filtered, first.DeadLettered, first.Replayed));
    }

    [Theory]
    [InlineData("hold 14", ReplayBench.Table, "\"written\":7", "\"written\":8")]
    [InlineData("By its ranges and replays", ReplayBench.Table, "\"filtered\":3", "\"filtered\":2")]
    [InlineData("took", ReplayBench.Letters, "\"filtered\":3", "\"filtered\":2")]
    public async Task A_replay_whose_counts_are_not_those_of_its_rows_is_found(string says, string location, string from, string to)
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        await bench.ReplayAsync();
        CompletedInstant replay = (await (await bench.OpenAsync(location)).SnapshotAsync(null, Stop)).Timeline[^1];
        string counts = replay.Metadata.ExtraMetadata[CommitMetadata.ReplayedKey].Replace(from, to, StringComparison.Ordinal);
        await bench.Pipelines.Store(location).PutAsync(
            new ObjectPath($".hoodie/{replay.Time}.{replay.Action}"),
            (replay.Metadata with { ExtraMetadata = replay.Metadata.ExtraMetadata.SetItem(CommitMetadata.ReplayedKey, counts) }).ToJson(),
            Stop);
        TableCheck check = await bench.CheckAsync();
        Assert.Contains(
            check.Report.Findings.Concat(check.Followers.SelectMany(static f => f.Report.Findings)),
            f => f.Kind is FindingKind.CountMismatch or FindingKind.FollowerMismatch
                && f.What.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_record_that_is_a_row_and_a_dead_letter_is_found()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        string[] before = await bench.InstantsAsync(ReplayBench.Letters);
        await bench.ReplayAsync();
        MemoryObjectStore letters = bench.Pipelines.Store(ReplayBench.Letters);
        string taken = (await bench.InstantsAsync(ReplayBench.Letters))[^1];
        Assert.DoesNotContain(taken, before);
        await letters.DeleteAsync(new ObjectPath($".hoodie/{taken}.replacecommit"), Stop);
        TableCheck check = await bench.CheckAsync();
        Assert.Contains(check.Followers[0].Report.Findings, f => f.Kind == FindingKind.DuplicateRecord);
    }

    [Fact]
    public async Task A_restore_to_before_a_replay_makes_its_rows_dead_letters_again()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        List<string> letters = await bench.SeqnosAsync(ReplayBench.Letters);
        string before = (await bench.InstantsAsync(ReplayBench.Table))[^1];
        await bench.ReplayAsync("kafka_partition = 1");
        await bench.ReplayAsync();
        RestorePlan plan = await (await bench.UpkeepAsync()).RestoreAsync(new RestoreTarget.To(before), Stop);
        Assert.Equal(-20, Assert.Single(plan.Followers).RowCount);
        Assert.Empty(plan.Rewound);
        Assert.Equal(letters, await bench.SeqnosAsync(ReplayBench.Letters));
        Assert.Equal((18, 40), await bench.ProveAsync());

        // Once more, and the pipeline goes on.
        Assert.Equal(14, (await bench.ReplayAsync()).Counts.Sum(c => c.Written));
        await bench.IngestAsync(1);
        await bench.ProveAsync();
        foreach (string location in (string[])[ReplayBench.Table, ReplayBench.Letters])
        {
            await TableInvariants.CheckAllAsync(await bench.OpenAsync(location), Stop);
        }
    }

    [Fact]
    public async Task A_restore_behind_the_commits_that_brought_dead_letters_takes_all_of_them_and_reads_again()
    {
        ReplayBench bench = await ReplayBench.MakeAsync(2);
        string[] instants = await bench.InstantsAsync(ReplayBench.Table);
        (long rows, long letters) = await bench.ProveAsync();
        await bench.ReplayAsync();
        await bench.IngestAsync(2);
        await bench.ReplayAsync();
        await (await bench.UpkeepAsync()).RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
        await bench.ProveAsync();
        await bench.IngestAsync(0);
        Assert.Equal((rows + 4, letters + 8), await bench.ProveAsync());
    }

    [Fact]
    public async Task A_rollback_of_the_newest_of_two_replays_brings_back_what_that_one_took()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        await bench.ReplayAsync("kafka_partition = 0");
        (long, long) between = await bench.ProveAsync();
        await bench.ReplayAsync();
        await (await bench.UpkeepAsync()).RestoreAsync(new RestoreTarget.BeforeLast(1), Stop);
        Assert.Equal(between, await bench.ProveAsync());
    }

    [Fact]
    public async Task A_clean_of_the_dead_letters_keeps_what_a_restore_would_bring_back()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        string before = (await bench.InstantsAsync(ReplayBench.Table))[^1];
        await bench.ReplayAsync();
        await bench.IngestAsync(1);
        await bench.IngestAsync(1);
        TableUpkeep letters = await bench.UpkeepAsync(ReplayBench.Letters);
        Assert.Empty((await letters.CleanAsync(new CleanPolicy.KeepVersions(1), Stop)).Plan.Files);
        await (await bench.UpkeepAsync()).RestoreAsync(new RestoreTarget.To(before), Stop);
        Assert.Equal((18, 40), await bench.ProveAsync());
    }

    [Fact]
    public async Task Once_the_primary_has_pruned_a_replay_a_clean_of_the_dead_letters_deletes_what_it_replaced()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        await bench.ReplayAsync();
        HudiTable table = await bench.OpenAsync(ReplayBench.Table);
        Outcome replay = (await SequenceFolder.LookAsync(table.Store, Stop)).Newest!;
        HudiTable dead = await bench.OpenAsync(ReplayBench.Letters);
        var committer = new TableCommitter(
            table, "worker-0", "pruning",
            new CommitterOptions { ActiveInstantsKept = 2, OpenFollower = (_, _) => Task.FromResult(dead) }, TimeProvider.System, new Random(3));
        TableUpkeep letters = await bench.UpkeepAsync(ReplayBench.Letters);
        for (int i = 0; i < 6; i++)
        {
            Assert.Empty((await letters.PlanCleanAsync(new CleanPolicy.KeepVersions(1), Stop)).Plan.Files);
            await bench.IngestAsync(1);
            TableState state = await committer.ReadStateAsync(Stop);
            CheckpointReference checkpoint = state.Checkpoints[0] with { Id = state.Checkpoints[0].Id + 1, Path = $"pruning/{i}" };
            var nothing = new Committable(
                [], [.. state.Ledger.Entries.Select(e => Empty(e.Key, e.Value))], checkpoint, state.Ledger.HistoryEpoch, []);
            Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(nothing, Stop));
            if ((await SequenceFolder.LookAsync(table.Store, Stop)).Newest!.Floor > replay.Number)
            {
                break;
            }
        }

        await bench.IngestAsync(1);
        CleanReport cleaned = await letters.CleanAsync(new CleanPolicy.KeepVersions(1), Stop);
        Assert.NotEmpty(cleaned.Plan.Files);
        await bench.ProveAsync();
    }

    private static OffsetRange Empty(LedgerKey key, LedgerEntry entry) =>
        new(key, entry.EndOffset, entry.EndOffset, entry.LeaderEpoch, entry.TopicId, 0, 0, 0, 0, 0, null, null);
}
