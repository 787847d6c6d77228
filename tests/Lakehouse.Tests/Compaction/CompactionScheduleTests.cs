using Lakehouse.Compaction;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Compaction;

public sealed class CompactionScheduleTests
{
    private static readonly CompactionTriggers EveryTenMinutes = new() { Cron = "0 0/10 * * * ?" };
    private readonly ScheduleWorld _world = new(530_000);

    [Fact]
    public void Files_are_merged_when_the_cron_expression_is_due_and_not_before()
    {
        _world.Commit(6);
        _world.Start("compactor", EveryTenMinutes);
        _world.Until(9.9);
        Assert.Equal((6, 0), (_world.FileCount, _world.MergeCount));
        _world.Until(10.5);
        Assert.Equal((1, 1), (_world.FileCount, _world.MergeCount));
        Assert.StartsWith("merged 6 files", _world.Status!.LastRun, StringComparison.Ordinal);
        _world.Commit(5);
        _world.Until(20.5);
        Assert.Equal(2, _world.MergeCount);
        _world.Until(40);
        Assert.Equal(2, _world.MergeCount);
    }

    [Fact]
    public void Files_are_merged_as_soon_as_there_are_enough_of_them()
    {
        _world.Start("compactor", new CompactionTriggers { SmallFiles = 8, LookEvery = TimeSpan.FromSeconds(30) });
        _world.Commit(7);
        _world.Until(5);
        Assert.Equal(0, _world.MergeCount);
        _world.Commit(1);
        _world.Until(6);
        Assert.Equal((1, 1), (_world.FileCount, _world.MergeCount));
    }

    [Fact]
    public void Files_are_merged_as_soon_as_there_are_enough_bytes_in_them()
    {
        _world.Start("compactor", new CompactionTriggers { SmallBytes = 600, LookEvery = TimeSpan.FromSeconds(30) });
        _world.Commit(4);
        _world.Until(5);
        Assert.Equal(0, _world.MergeCount);
        _world.Commit(4);
        _world.Until(6);
        Assert.Equal(1, _world.MergeCount);
    }

    [Fact]
    public void An_order_to_pause_holds_runs_back_and_one_to_run_now_is_obeyed_once_even_so()
    {
        _world.Commit(6);
        _world.Start("compactor", EveryTenMinutes);
        _world.Order(new CompactionOrders(IsPaused: true, Run: null));
        _world.Until(25);
        Assert.Equal(0, _world.MergeCount);
        Assert.Equal("waiting: paused", _world.Status!.State);
        _world.Order(new CompactionOrders(IsPaused: true, Run: "now"));
        _world.Until(26);
        Assert.Equal((1, "now"), (_world.MergeCount, _world.Status!.Obeyed));
        _world.Commit(6);
        _world.Until(35);
        Assert.Equal(1, _world.MergeCount);
        _world.Order(new CompactionOrders(IsPaused: false, Run: "now"));
        _world.Until(36);
        Assert.Equal(2, _world.MergeCount);
    }

    [Fact]
    public void A_pause_ends_a_run_after_the_output_it_is_at()
    {
        _world.Commit(12);
        int merged = 0;
        _world.Merging = () =>
        {
            merged++;
            _world.Order(new CompactionOrders(IsPaused: true, Run: null));
            return Task.CompletedTask;
        };
        _world.Start("compactor", EveryTenMinutes, new CompactionPolicy { InputsMax = 4 });
        _world.Until(15);
        Assert.Equal((1, 9), (merged, _world.FileCount));
        Assert.EndsWith("the rest waits", _world.Status!.LastRun, StringComparison.Ordinal);
    }

    [Fact]
    public void Ingest_that_lags_goes_first()
    {
        _world.Commit(6);
        _world.Lag = 5_000;
        _world.Start("compactor", EveryTenMinutes with { LagMax = 1_000 });
        _world.Until(15);
        Assert.Equal(0, _world.MergeCount);
        Assert.Equal("waiting: ingest lags by 5000 records, more than 1000", _world.Status!.State);
        _world.Lag = 900;
        _world.Until(16);
        Assert.Equal(1, _world.MergeCount);
    }

    [Fact]
    public void Of_two_one_works_and_when_it_dies_the_other_takes_over_and_deletes_what_it_has_staged()
    {
        _world.Commit(6);
        var policy = new CompactionPolicy { InputsMin = 3, InputsMax = 3 };
        SimulatedProcess first = _world.Start("one", EveryTenMinutes, policy);
        _world.Until(1);
        _world.Start("two", EveryTenMinutes);
        int merges = 0;
        _world.Merging = () =>
        {
            if (++merges == 2)
            {
                first.Kill();
            }

            return Task.CompletedTask;
        };
        _world.Until(10.3);
        Assert.True(first.IsDead);
        Assert.Equal(("one", 0), (_world.Status!.Owner, _world.MergeCount));
        Assert.NotEqual(0, _world.Leftovers.Staged);
        _world.Merging = static () => Task.CompletedTask;
        _world.Until(14);
        Assert.Equal(("two", 0), (_world.Status!.Owner, _world.Leftovers.Staged));
        _world.Until(21);
        Assert.Equal((1, 1), (_world.FileCount, _world.MergeCount));
    }

    [Fact]
    public void A_new_life_of_one_that_died_takes_over_at_once()
    {
        _world.Commit(6);
        SimulatedProcess first = _world.Start("one", EveryTenMinutes);
        _world.Until(9.5);
        first.Kill();
        _world.Start("one", EveryTenMinutes);
        _world.Until(10.2);
        Assert.Equal(1, _world.MergeCount);
    }

    [Fact]
    public void Replaced_files_are_cleaned_after_their_time()
    {
        _world.Commit(6);
        _world.Start("compactor", new CompactionTriggers { Cron = "0 0 * * * ?", CleanAfterHours = 2 });
        _world.Until(61);
        Assert.Equal((1, 6), (_world.MergeCount, _world.Leftovers.Replaced));
        _world.Commit(5);
        _world.Until(121);
        Assert.Equal(2, _world.MergeCount);
        _world.Until(180);
        _world.Commit(1);
        _world.Until(301);
        Assert.Equal((2, 0), (_world.FileCount, _world.Leftovers.Replaced));
    }

    [Fact]
    public void A_run_that_fails_is_tried_again_when_it_is_due_next()
    {
        _world.Commit(6);
        _world.Merging = static () => throw new ObjectStoreException("get", "table", new ObjectPath("x"), "the disk is full");
        _world.Start("compactor", EveryTenMinutes);
        _world.Until(15);
        Assert.Equal(0, _world.MergeCount);
        Assert.Contains("the disk is full", _world.Status!.LastRun);
        _world.Merging = static () => Task.CompletedTask;
        _world.Until(19.5);
        Assert.Equal(0, _world.MergeCount);
        _world.Until(20.5);
        Assert.Equal((1, 1), (_world.FileCount, _world.MergeCount));
    }

    [Theory]
    [InlineData("0 0/10 * * * ?", null)]
    [InlineData("every day", "is no cron expression")]
    [InlineData("0 0/10 * * *", "is no cron expression")]
    public void A_cron_expression_is_checked(string text, string? wrong)
    {
        string? reason = CompactionTriggers.WhyNotCron(text);
        Assert.Equal(wrong is null, reason is null);
        Assert.Contains(wrong ?? "", reason ?? "");
    }
}
