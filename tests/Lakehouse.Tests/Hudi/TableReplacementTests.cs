using System.Collections.Immutable;
using Lakehouse.Hudi;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>The step that an erasure and a merge have in common, on files of text.</summary>
public sealed class TableReplacementTests
{
    private readonly ProtocolWorld _world = new();

    [Fact]
    public async Task A_table_that_follows_another_one_is_refused()
    {
        await _world.CreateAsync();
        await _world.CommitAsync("w", "a1", 1, 0, 5, letters: 2);
        HudiTable letters = (await HudiTable.OpenAsync(_world.FollowerShared, _world.Time, _world.Random, Stop))!; // made above
        HudiException refusal = await Assert.ThrowsAsync<HudiException>(() => Replacement(letters).SettleAsync(Stop));
        Assert.Contains("come with the commits of another table", refusal.Message);
    }

    [Fact]
    public async Task An_empty_table_has_nothing_to_replace() => Assert.Null(await Replacement(await _world.CreateAsync()).SettleAsync(Stop));

    [Fact]
    public async Task A_merge_that_lost_a_row_is_never_committed()
    {
        HudiTable table = await _world.CreateAsync();
        await _world.CommitAsync("w", "a1", 1, 0, 5);
        TableReplacement replacement = Replacement(table);
        ReplaceBase on = (await replacement.SettleAsync(Stop))!; // It has rows.
        FileSlice file = on.Snapshot.FileSlices.Single();
        StagedFile merged = await TextFiles.StageAsync(
            _world.Shared, replacement.StagingFolder(), file.PartitionPath, table.NewFileId(),
            [.. Enumerable.Range(0, 4).Select(i => new TextRow(0, i, 0))]);
        var from = new MergedFile([new MergedSlice(file.PartitionPath, file.FileId, file.Path.Value, file.ByteCount, file.RowCount)]);
        Exception violated = await Assert.ThrowsAnyAsync<Exception>(
            () => replacement.CommitAsync(on, Lakehouse.Hudi.Replacement.OfMerged([(merged, from)]), Stop));
        Assert.Contains("A merged file has all the rows of its inputs", violated.Message);
        Assert.Equal(5, await _world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task Only_what_is_live_may_be_proposed_again()
    {
        HudiTable table = await _world.CreateAsync();
        await _world.CommitAsync("w", "a1", 1, 0, 5);
        ReplaceBase on = (await Replacement(table).SettleAsync(Stop))!; // It has rows.
        FileSlice file = on.Snapshot.FileSlices.Single();
        Assert.True(on.Has([new ReplacedGroup(file.PartitionPath, file.FileId, null)]));
        Assert.False(on.Has([new ReplacedGroup("dt=other", file.FileId, null)]));
        Assert.False(on.Has([new ReplacedGroup(file.PartitionPath, file.FileId, null), new ReplacedGroup(file.PartitionPath, "gone-0", null)]));
    }

    [Fact]
    public async Task Staging_of_a_dead_process_goes_by_its_name_and_no_others()
    {
        HudiTable table = await _world.CreateAsync();
        TableReplacement dead = Replacement(table);
        TableReplacement alive = Replacement(table);
        foreach (TableReplacement one in (ImmutableArray<TableReplacement>)[dead, dead, alive])
        {
            await TextFiles.StageAsync(_world.Shared, one.StagingFolder(), "dt=a", table.NewFileId(), [new TextRow(0, 0, 0)]);
        }

        await TableReplacement.DeleteStagingAsync(table, dead.StagingPrefix, Stop);
        string left = Assert.Single(await StagedAsync());
        Assert.StartsWith($".hoodie/.temp/{alive.StagingPrefix}", left, StringComparison.Ordinal);
    }

    private async Task<List<string>> StagedAsync()
    {
        List<string> staged = [];
        await foreach (var stat in _world.Shared.ListAsync(HudiTable.TemporaryFolder, recursive: true, after: null, Stop))
        {
            staged.Add(stat.Path.Value);
        }

        return staged;
    }

    private TableReplacement Replacement(HudiTable table) =>
        new(table, "compaction", new CommitterOptions(), _world.Time, _world.Random);
}
