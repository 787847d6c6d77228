using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Hudi;

/// <summary>What cleans may delete. Instants are minutes of one hour; file groups are letters, replaced as each test says.</summary>
public class CleanPlanningTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 11, 0, 0, TimeSpan.Zero);
    private static readonly HashSet<string> NothingHeld = [];

    [Fact]
    public void Nothing_that_is_not_superseded_is_deleted()
    {
        ImmutableArray<CompletedInstant> timeline = [Instant(1), Instant(2), Instant(3)];
        ObjectStat[] files = [File("a", 1), File("b", 2), File("c", 3)];
        Assert.All(
            (CleanPolicy[])[new CleanPolicy.KeepCommits(1), new CleanPolicy.KeepHours(1), new CleanPolicy.KeepVersions(1)],
            policy =>
            {
                CleanPlan plan = CleanPlanning.Plan(policy, timeline, files, [], NothingHeld, Now);
                Assert.Empty(plan.Files);
                Assert.Null(plan.RetainedFrom);
            });
    }

    [Theory]
    [InlineData(1, "a,b")]
    [InlineData(2, "a")]
    [InlineData(3, "")]
    [InlineData(9, "")]
    public void By_commits_a_replaced_group_goes_when_it_was_replaced_before_the_earliest_kept_commit(int count, string deleted)
    {
        ImmutableArray<CompletedInstant> timeline = [Instant(1), Instant(2), Instant(3, "a"), Instant(4, "b"), Instant(5)];
        ObjectStat[] files = [File("a", 1), File("b", 2), File("m", 3), File("n", 4), File("c", 5)];
        CleanPlan plan = CleanPlanning.Plan(new CleanPolicy.KeepCommits(count), timeline, files, [], NothingHeld, Now);
        Assert.Equal(deleted, Groups(plan));
        Assert.Equal(count > 5 ? null : Time(6 - count), plan.EarliestInstant);
        Assert.Equal(deleted switch { "a,b" => Time(4), "a" => Time(3), _ => null }, plan.RetainedFrom);
    }

    [Theory]
    [InlineData(1, "1,2")]
    [InlineData(2, "1")]
    [InlineData(3, "")]
    public void By_commits_an_older_version_goes_when_a_newer_one_was_current_at_the_earliest_kept_commit(int count, string deleted)
    {
        ImmutableArray<CompletedInstant> timeline = [Instant(1), Instant(2), Instant(3)];
        ObjectStat[] files = [File("a", 1), File("a", 2), File("a", 3)];
        CleanPlan plan = CleanPlanning.Plan(new CleanPolicy.KeepCommits(count), timeline, files, [], NothingHeld, Now);
        Assert.Equal(deleted, string.Join(',', plan.Files.Select(static f => f.Path.Value[^14])));
    }

    [Theory]
    [InlineData(1, "")]
    [InlineData(0, "a")]
    public void By_hours_the_newest_commit_stays_however_old_it_is(int hours, string deleted)
    {
        ImmutableArray<CompletedInstant> timeline = [Instant(1), Instant(2, "a"), Instant(3)];
        CleanPlan plan = CleanPlanning.Plan(
            new CleanPolicy.KeepHours(hours), timeline, [File("a", 1), File("m", 2), File("c", 3)], [], NothingHeld, Now);
        Assert.Equal(deleted, Groups(plan));
        Assert.Equal(hours == 0 ? Time(3) : Time(1), plan.EarliestInstant);
    }

    [Theory]
    [InlineData(1, "a,a,b")]
    [InlineData(2, "a,b")]
    [InlineData(3, "b")]
    public void By_versions_the_newest_of_a_group_stay_and_replaced_groups_go(int count, string deleted)
    {
        ImmutableArray<CompletedInstant> timeline = [Instant(1), Instant(2), Instant(3, "b")];
        ObjectStat[] files = [File("a", 1), File("a", 2), File("a", 3), File("b", 1), File("m", 3)];
        CleanPlan plan = CleanPlanning.Plan(new CleanPolicy.KeepVersions(count), timeline, files, [], NothingHeld, Now);
        Assert.Equal(deleted, Groups(plan));
        Assert.Null(plan.EarliestInstant);
    }

    [Theory]
    [InlineData(1, "b", 3)]
    [InlineData(2, "", 3)]
    [InlineData(3, "a", 4)]
    [InlineData(4, "a,b", null)]
    public void What_a_savepoint_shows_stays_and_is_named(int savepoint, string deleted, int? sparedFrom)
    {
        ImmutableArray<CompletedInstant> timeline = [Instant(1), Instant(2), Instant(3, "a"), Instant(4, "b"), Instant(5)];
        ObjectStat[] files = [File("a", 1), File("b", 2), File("m", 3), File("n", 4)];
        CleanPlan plan = CleanPlanning.Plan(new CleanPolicy.KeepCommits(1), timeline, files, [Time(savepoint)], NothingHeld, Now);
        Assert.Equal(deleted, Groups(plan));
        Assert.Equal(sparedFrom is { } minute ? Time(minute) : null, plan.SparedFrom);
    }

    [Fact]
    public void Files_of_instants_that_never_completed_are_not_its_business()
    {
        ImmutableArray<CompletedInstant> timeline = [Instant(2), Instant(4, "a"), Instant(5)];
        ObjectStat[] files = [File("a", 1), File("a", 3), File("m", 4)];
        CleanPlan plan = CleanPlanning.Plan(new CleanPolicy.KeepCommits(1), timeline, files, [], NothingHeld, Now);
        Assert.Equal(["a"], plan.Files.Select(static f => Group(f.Path)));
        Assert.Contains(Time(1), plan.Files[0].Path.Value, StringComparison.Ordinal);
    }

    private static string Groups(CleanPlan plan) => string.Join(',', plan.Files.Select(static f => Group(f.Path)));

    private static string Group(ObjectPath path) => path.Name[..1];

    private static string Time(int minute) => FormattableString.Invariant($"202603011{0}{minute:00}00000");

    private static ObjectStat File(string group, int minute) => new(
        new ObjectPath($"dt=1/{group}_0-0-0_{Time(minute)}.parquet"), 10, Now);

    private static CompletedInstant Instant(int minute, params string[] replaced) => new(
        Time(minute),
        replaced.Length == 0 ? "commit" : "replacecommit",
        new CommitMetadata
        {
            OperationType = "INSERT",
            PartitionToWriteStats = ImmutableSortedDictionary<string, ImmutableArray<WriteStat>>.Empty,
            ExtraMetadata = ImmutableSortedDictionary<string, string>.Empty,
            PartitionToReplaceFileIds = replaced.Length == 0
                ? null
                : ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("dt=1", [.. replaced]),
        });
}
