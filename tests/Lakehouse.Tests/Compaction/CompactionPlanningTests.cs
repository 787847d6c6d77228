using System.Diagnostics;
using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Compaction;

public sealed class CompactionPlanningTests(ITestOutputHelper output)
{
    private const long MiB = 1 << 20;
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly CompactionPolicy Policy = new() { TargetFileBytes = 100 * MiB };
    private int _count;

    [Fact]
    public void Small_files_of_a_table_partition_become_files_of_the_target_size_the_oldest_first()
    {
        CompactionInput[] files = [.. Enumerable.Range(0, 50).Select(i => File("dt=a", 10 * MiB, 100 - i))];
        CompactionPlan plan = CompactionPlanning.Plan(files, Policy, Now);
        Assert.Equal([10, 10, 10, 10, 10], plan.Groups.Select(g => g.Inputs.Length));
        Assert.Equal(files.Select(f => f.File.Path), plan.Groups.SelectMany(g => g.Inputs).Select(f => f.File.Path));
        Assert.Empty(plan.Left);
    }

    [Fact]
    public void Files_of_different_table_partitions_never_meet()
    {
        CompactionInput[] files = [.. Enumerable.Range(0, 12).Select(i => File(i % 2 == 0 ? "dt=a" : "dt=b", 5 * MiB, i))];
        CompactionPlan plan = CompactionPlanning.Plan(files, Policy, Now);
        Assert.Equal(2, plan.Groups.Length);
        Assert.All(plan.Groups, g => Assert.All(g.Inputs, f => Assert.Equal(g.PartitionPath, f.File.PartitionPath)));
    }

    [Fact]
    public void A_file_of_three_quarters_of_the_target_is_left_in_peace()
    {
        CompactionInput[] files = [File("", 75 * MiB, 9), .. Enumerable.Range(0, 4).Select(i => File("", MiB, i))];
        CompactionPlan plan = CompactionPlanning.Plan(files, Policy, Now);
        Assert.DoesNotContain(files[0], plan.Groups.Single().Inputs);
    }

    [Fact]
    public void Fewer_files_than_the_minimum_wait_unless_they_fill_a_file()
    {
        Assert.Equal(
            new LeftFiles("", LeftReason.Few, 3, 30 * MiB),
            CompactionPlanning.Plan([.. Enumerable.Range(0, 3).Select(i => File("", 10 * MiB, i))], Policy, Now).Left.Single());
        Assert.Single(CompactionPlanning.Plan([File("", 40 * MiB, 1), File("", 60 * MiB, 2)], Policy, Now).Groups);
    }

    [Fact]
    public void A_file_much_larger_than_the_others_together_is_not_written_again_for_them()
    {
        CompactionInput large = File("", 40 * MiB, 9);
        CompactionInput[] files = [large, .. Enumerable.Range(0, 5).Select(i => File("", MiB, i))];
        CompactionPlan plan = CompactionPlanning.Plan(files, Policy, Now);
        Assert.Equal(5, plan.Groups.Single().Inputs.Length);
        Assert.DoesNotContain(large, plan.Groups.Single().Inputs);
        Assert.Equal(new LeftFiles("", LeftReason.Few, 1, 40 * MiB), plan.Left.Single());
    }

    [Fact]
    public void Young_files_and_partitions_that_still_get_rows_wait()
    {
        CompactionInput[] files =
        [
            .. Enumerable.Range(0, 4).Select(i => File("dt=old", MiB, 100 + i)),
            .. Enumerable.Range(0, 4).Select(i => File("dt=hot", MiB, 100 + i)), File("dt=hot", 200 * MiB, 3),
            .. Enumerable.Range(0, 4).Select(i => File("dt=compacted", MiB, 100 + i)), File("dt=compacted", 200 * MiB, 3, rewritten: true),
        ];
        CompactionPlan hot = CompactionPlanning.Plan(files, Policy with { QuietFor = TimeSpan.FromMinutes(5) }, Now);
        Assert.Equal(["dt=compacted", "dt=old"], hot.Groups.Select(g => g.PartitionPath).Order());
        Assert.Equal(new LeftFiles("dt=hot", LeftReason.Hot, 4, 4 * MiB), hot.Left.Single());

        CompactionPlan young = CompactionPlanning.Plan(
            [.. Enumerable.Range(0, 10).Select(i => File("", MiB, i))], Policy with { FileAgeMin = TimeSpan.FromMinutes(5) }, Now);
        Assert.Equal(5, young.Groups.Single().Inputs.Length);
        Assert.Equal(new LeftFiles("", LeftReason.Young, 5, 5 * MiB), young.Left.Single());
    }

    [Fact]
    public void Files_follow_each_other_in_the_time_of_their_rows_where_commits_say_it()
    {
        CompactionInput[] files = [.. Enumerable.Range(0, 8).Select(i => File("", 5 * MiB, i, eventTime: i * 1000))];
        Assert.Equal(files, CompactionPlanning.Plan(files, Policy, Now).Groups.Single().Inputs);
    }

    [Fact]
    public void Without_order_the_files_that_fill_the_target_best_meet()
    {
        CompactionInput[] files = [File("", 70 * MiB, 9), File("", 60 * MiB, 8), File("", 40 * MiB, 7), File("", 30 * MiB, 6)];
        CompactionPlan any = CompactionPlanning.Plan(files, Policy with { KeepsOrder = false }, Now);
        Assert.Equal([100 * MiB, 100 * MiB], any.Groups.Select(g => g.ByteCount));
    }

    [Fact]
    public void Only_the_asked_table_partition_is_looked_at() =>
        Assert.Equal(
            ["dt=b"],
            CompactionPlanning.Plan(
                [.. Enumerable.Range(0, 20).Select(i => File(i % 2 == 0 ? "dt=a" : "dt=b", MiB, i))], Policy with { Partition = "dt=b" }, Now)
                .Groups.Select(g => g.PartitionPath));

    /// <summary>Whatever the files: each at most once, groups within bounds, and planning again what came of it soon ends.</summary>
    [Fact]
    public void Any_files_are_merged_within_bounds_and_soon_no_more() => output.WriteLine(Seeds.Run(520_000, 300, Random).Count + " seeds");

    [Fact]
    public void A_row_is_written_again_a_few_times_however_slowly_the_files_come()
    {
        List<CompactionInput> files = [];
        long written = 0;
        for (int commit = 0; commit < 2_000; commit++)
        {
            files.Add(File("", MiB / 2, 2_000 - commit));
            foreach (CompactionGroup group in CompactionPlanning.Plan(files, Policy, Now).Groups)
            {
                written += group.ByteCount;
                files.RemoveAll(group.Inputs.Contains);
                files.Add(File("", group.ByteCount, 2_000 - commit, rewritten: true));
            }
        }

        double times = written / (2_000 * MiB / 2.0);
        output.WriteLine(FormattableString.Invariant($"each byte was written {times:F1} times again, {files.Count} files are left"));
        Assert.InRange(times, 1, Math.Log2(200) + 1);
        Assert.InRange(files.Count, 1, (1_000 / 75) + 12);
    }

    [Fact]
    public void Ten_thousand_small_files_are_planned_at_once()
    {
        CompactionInput[] files = [.. Enumerable.Range(0, 10_000).Select(i => File($"dt={i % 30}", 500 << 10, i))];
        long before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        CompactionPlan plan = CompactionPlanning.Plan(files, Policy, Now);
        CompactionPlan any = CompactionPlanning.Plan(files, Policy with { KeepsOrder = false }, Now);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine(FormattableString.Invariant(
            $"{plan.Groups.Length} and {any.Groups.Length} outputs in {clock.ElapsedMilliseconds} ms, {allocated >> 20} MiB allocated"));
        Assert.Equal(10_000, plan.InputCount);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2) && allocated < 200 * MiB);
    }

    private static int Random(int seed)
    {
        var random = new Random(seed);
        var policy = new CompactionPolicy
        {
            TargetFileBytes = random.Next(1, 200) * MiB,
            InputsMin = random.Next(2, 6),
            InputsMax = random.Next(2, 40),
            KeepsOrder = random.Next(2) == 0,
        };
        var test = new CompactionPlanningTests(TestContext.Current.TestOutputHelper!); // not null: within a test
        List<CompactionInput> files =
        [
            .. Enumerable.Range(0, random.Next(200)).Select(_ => test.File(
                $"dt={random.Next(4)}", random.NextInt64(1, 2 * policy.TargetFileBytes), random.Next(1_000))),
        ];
        int rounds = 0;
        for (; CompactionPlanning.Plan(files, policy, Now) is { Groups.IsEmpty: false } plan; rounds++)
        {
            Assert.True(rounds < 40, $"seed {seed}: planning does not end");
            Check(plan, files, policy, seed);
            foreach (CompactionGroup group in plan.Groups)
            {
                files.RemoveAll(group.Inputs.Contains);
                files.Add(test.File(group.PartitionPath, group.ByteCount, 0, rewritten: true));
            }
        }

        return rounds;
    }

    private static void Check(CompactionPlan plan, List<CompactionInput> files, CompactionPolicy policy, int seed)
    {
        string where = $"seed {seed}";
        CompactionInput[] used = [.. plan.Groups.SelectMany(g => g.Inputs)];
        Assert.True(used.Distinct().Count() == used.Length && used.All(files.Contains), where);
        int small = files.Count(f => f.File.ByteCount < policy.TargetFileBytes / 4 * 3);
        Assert.True(small == used.Length + plan.Left.Sum(l => l.FileCount), where);
        foreach (CompactionGroup group in plan.Groups)
        {
            long largest = group.Inputs.Max(i => i.File.ByteCount);
            bool isFull = group.ByteCount >= policy.TargetFileBytes / 4 * 3;
            Assert.True(group.Inputs.Length >= 2 && group.Inputs.Length <= policy.InputsMax, where);
            Assert.True(isFull || (group.Inputs.Length >= policy.InputsMin && largest <= 2 * (group.ByteCount - largest)), where);
            Assert.True(group.ByteCount < policy.TargetFileBytes / 2 * 3 + 4, where);
            Assert.True(group.Inputs.All(i => i.File.ByteCount < policy.TargetFileBytes / 4 * 3), where);
        }
    }

    private CompactionInput File(string partition, long bytes, int minutesOld, bool rewritten = false, long? eventTime = null)
    {
        string id = FormattableString.Invariant($"{_count++:x8}-0");
        string instant = InstantTime.At(Now.AddMinutes(-minutesOld));
        var path = new ObjectPath(partition) / $"{id}_0-0-0_{instant}.parquet";
        return new CompactionInput(
            new FileSlice(partition, id, instant, path, bytes, 1_000),
            rewritten,
            eventTime is null ? null : new WriteStat(id, path.Value, partition, 1_000, bytes, eventTime, eventTime));
    }
}
