using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Service;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class ErasureTests
{
    private readonly MemoryObjectStore _store = new("table", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Erased_rows_are_gone_now_and_still_there_before_and_all_others_keep_their_instant()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(3);
        ErasureResult result = await DeleteCommand.RunAsync(trips.Table, "city = 'city3' AND kafka_offset < 150", Stop);
        int expected = trips.Rows.Count(r => r.City == "city3" && r.Offset < 150);
        Assert.Equal((expected, 4), ((int)result.RowsErased, result.FilesReplaced));
        Assert.Equal(540 - expected, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Equal(0, await trips.CountAsync(InstantRange.Whole, Stop, "city = 'city3' AND kafka_offset < 150"));
        Assert.Equal(540, await trips.CountAsync(new InstantRange(null, instants[2]), Stop));
        Assert.Equal(180, await trips.CountAsync(new InstantRange(null, instants[0]), Stop));
        Assert.Equal(0, await trips.CountAsync(new InstantRange(result.Instant, null), Stop));
        Assert.Equal(trips.Rows.Count(r => r.Offset >= 100 && !(r.City == "city3" && r.Offset < 150)),
            await trips.CountAsync(new InstantRange(instants[0], null), Stop));
        await TableInvariants.CheckAllAsync(trips.Table, Stop);
    }

    [Fact]
    public async Task Verify_proves_the_table_before_and_after_with_the_erased_rows_counted()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(2);
        long before = (await CheckAsync(trips, InstantRange.Whole)).RowCount;
        ErasureResult result = await DeleteCommand.RunAsync(trips.Table, "fare > 20 OR fare IS NULL", Stop);
        await trips.CommitAsync(Stop);
        VerifyReport after = await CheckAsync(trips, InstantRange.Whole);
        Assert.Empty(after.Findings);
        Assert.Equal((before + 180 - result.RowsErased, result.RowsErased), (after.RowCount, after.RowsErased));
        Assert.Equal(after.RowCount, after.OffsetsProven);
        Assert.Empty((await CheckAsync(trips, new InstantRange(instants[1], null))).Findings);
        VerifyReport old = await CheckAsync(trips, new InstantRange(null, instants[1]));
        Assert.Equal((before, 0), (old.RowCount, old.RowsErased));
        Assert.Empty(old.Findings);
    }

    [Fact]
    public async Task Files_are_written_again_as_they_were_written()
    {
        TripTable trips = await TripTable.CreateAsync(_store, Stop);
        trips.Parquet = new ParquetWriterOptions
        {
            Codec = CompressionCodec.Snappy, PagesV2 = true, Encodings = FurtherEncodings.Delta, BloomFilters = ["city"],
        };
        await trips.CommitAsync(Stop, records: 3_000);
        ParquetWriterOptions[] before = await WrittenAsync(trips);
        Assert.All(before, o => Assert.Equal((CompressionCodec.Snappy, true, FurtherEncodings.Delta), (o.Codec, o.PagesV2, o.Encodings)));
        ErasureResult result = await DeleteCommand.RunAsync(trips.Table, "city = 'city3' AND kafka_offset < 150", Stop);
        Assert.Equal(2, result.FilesReplaced);
        ParquetWriterOptions[] after = await WrittenAsync(trips);
        Assert.Equal(before.Length, after.Length);
        foreach ((ParquetWriterOptions old, ParquetWriterOptions made) in before.Zip(after))
        {
            Assert.Equal(["city"], made.BloomFilters);
            Assert.Equal(old with { BloomFilters = [], SortedBy = [] }, made with { BloomFilters = [], SortedBy = [] });
        }
    }

    [Fact]
    public async Task A_replacecommit_that_lost_a_row_is_found()
    {
        (TripTable trips, _) = await MakeAsync(2);
        ErasureResult result = await DeleteCommand.RunAsync(trips.Table, "city = 'city1'", Stop);
        CompletedInstant instant = (await trips.Table.SnapshotAsync(null, Stop)).Timeline[^1];
        var extra = instant.Metadata.ExtraMetadata.SetItem(CommitMetadata.ErasedKey, $"{result.RowsErased - 1}");
        await _store.PutAsync(new ObjectPath($".hoodie/{instant.Time}.replacecommit"),
            (instant.Metadata with { ExtraMetadata = extra }).ToJson(), Stop);
        Assert.Contains((await CheckAsync(trips, InstantRange.Whole)).Findings, f => f.Kind == FindingKind.CountMismatch && f.Where == instant.Time);
    }

    [Fact]
    public async Task A_file_without_a_row_left_is_replaced_by_none()
    {
        (TripTable trips, _) = await MakeAsync(1);
        ErasureResult result = await DeleteCommand.RunAsync(trips.Table, "dt = '2026-01-01'", Stop);
        Assert.Equal((0, 1), ((int)result.RowsKept, result.FilesReplaced));
        Assert.All((await trips.Table.SnapshotAsync(null, Stop)).FileSlices, f => Assert.Equal("dt=2026-01-02", f.PartitionPath));
        Assert.Empty((await CheckAsync(trips, InstantRange.Whole)).Findings);
        await DeleteCommand.RunAsync(trips.Table, "true", Stop);
        Assert.Empty((await trips.Table.SnapshotAsync(null, Stop)).FileSlices);
        await trips.CommitAsync(Stop);
        Assert.Empty((await CheckAsync(trips, InstantRange.Whole)).Findings);
    }

    [Fact]
    public async Task Nothing_is_committed_when_no_row_matches()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(2);
        ErasureResult result = await DeleteCommand.RunAsync(trips.Table, "city = 'nowhere'", Stop);
        Assert.Equal(new ErasureResult(null, 0, 0, 0), result);
        Assert.Equal(instants, await trips.Table.CompletedInstantsAsync(Stop));
        await Assert.ThrowsAsync<CommandFailedException>(() => DeleteCommand.RunAsync(trips.Table, "fare + 1", Stop));
    }

    [Fact]
    public async Task Rows_that_were_erased_twice_from_one_state_go_once_and_commits_in_between_stay()
    {
        (TripTable trips, _) = await MakeAsync(2);
        var late = new TableErasure(trips.Table, new CommitterOptions(), TimeProvider.System, new Random(3));
        (ReplaceBase on, Replacement first) = (await PlanAsync(late, trips, "city = 'city2'", 1))!.Value; // Rows match.
        await trips.CommitAsync(Stop);
        Assert.IsType<CommitResult.Committed>(await late.CommitAsync(on, first, Stop));
        Assert.Equal(trips.Rows.Count(r => r.City != "city2" || r.Offset >= 200), await trips.CountAsync(InstantRange.Whole, Stop));

        (on, Replacement second) = (await PlanAsync(late, trips, "city = 'city1'", 2))!.Value; // Rows match.
        await DeleteCommand.RunAsync(trips.Table, "city = 'city1'", Stop);
        Assert.IsType<CommitResult.Conflicted>(await late.CommitAsync(on, second, Stop));
        Assert.Empty((await CheckAsync(trips, InstantRange.Whole)).Findings);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_death_at_any_store_call_leaves_all_rows_or_none_of_those_to_erase(bool after)
    {
        bool survived = false;
        int all = 0;
        int none = 0;
        for (int at = 0; !survived; at++)
        {
            Assert.True(at < 1_000, "No erasure survives, whatever call it may make.");
            var shared = new MemoryObjectStore("table", TimeProvider.System);
            TripTable trips = await TripTable.CreateAsync(shared, Stop);
            await trips.CommitAsync(Stop);
            var process = new ProcessStore(shared);
            int calls = 0;
            Func<StoreCall, Task> die = call =>
            {
                process.IsDead |= (!after || call.Mutates) && calls++ == at;
                return Task.CompletedTask;
            };
            (process.Before, process.After) = after ? (process.Before, die) : (die, process.After);
            HudiTable mortal = await HudiTable.OpenAsync(shared, TimeProvider.System, new Random(at), Stop)
                ?? throw new InvalidOperationException("The table is gone.");
            survived = await Record.ExceptionAsync(() => DeleteCommand.RunAsync(mortal.Through(process), "city = 'city4'", Stop)) is null;

            await trips.CommitAsync(Stop);
            VerifyReport report = await CheckAsync(trips, InstantRange.Whole);
            Assert.Empty(report.Findings);
            long matching = trips.Rows.Count(r => r.City == "city4" && r.Offset < 100);
            Assert.Contains(report.RowsErased, (long[])[0, matching]);
            Assert.Equal(trips.Rows.Count - report.RowsErased, report.RowCount);
            await TableInvariants.CheckAllAsync(trips.Table, Stop);
            all += report.RowsErased == 0 ? 1 : 0;
            none += report.RowsErased == 0 ? 0 : 1;
        }

        Assert.True(all > 5 && none > 5, $"{all} died before the commit, {none} after it");
    }

    [Fact]
    public async Task A_clean_deletes_the_old_files_and_a_restore_brings_erased_rows_back_before_it()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(2);
        ErasureResult result = await DeleteCommand.RunAsync(trips.Table, "city = 'city0'", Stop);
        var upkeep = new TableUpkeep(trips.Table, new CommitterOptions(), TimeProvider.System, new Random(11));
        await upkeep.RestoreAsync(new RestoreTarget.To(instants[1]), Stop);
        Assert.Equal(360, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips, InstantRange.Whole)).Findings);

        Assert.Equal(result.RowsErased, (await DeleteCommand.RunAsync(trips.Table, "city = 'city0'", Stop)).RowsErased);
        FileSlice[] old = [.. (await trips.Table.SnapshotAsync(instants[1], Stop)).FileSlices];
        await upkeep.CleanAsync(new CleanPolicy.KeepVersions(1), Stop);
        foreach (FileSlice file in old)
        {
            Assert.Null(await _store.StatAsync(file.Path, Stop));
        }

        Assert.Equal(360 - result.RowsErased, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips, InstantRange.Whole)).Findings);
    }

    [Fact]
    public async Task A_clean_that_is_planned_while_a_restore_is_decided_and_not_yet_visible_takes_nothing_that_comes_back()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(2);
        await DeleteCommand.RunAsync(trips.Table, "city = 'city0'", Stop);
        var cleaning = new ProcessStore(_store);
        var restoring = new ProcessStore(_store);
        TableUpkeep Upkeep(ProcessStore store, int seed) =>
            new(trips.Table.Through(store), new CommitterOptions(), TimeProvider.System, new Random(seed));
        Hold looking = Hold.At(cleaning, static call => call.Is("stat", ".replacecommit"));
        Task<CleanReport> clean = Upkeep(cleaning, 11).CleanAsync(new CleanPolicy.KeepVersions(1), Stop);
        await looking.Reached;
        Hold undoing = Hold.At(restoring, static call => call.Is("put-if-absent", ".restore.requested"));
        Task<RestorePlan> restore = Upkeep(restoring, 12).RestoreAsync(new RestoreTarget.To(instants[1]), Stop);
        await undoing.Reached;

        looking.Release();
        await clean;
        undoing.Release();
        await restore;
        Assert.Equal(360, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips, InstantRange.Whole)).Findings);
    }

    private static async Task<ParquetWriterOptions[]> WrittenAsync(TripTable trips)
    {
        var options = new List<ParquetWriterOptions>();
        foreach (FileSlice file in (await trips.Table.SnapshotAsync(null, Stop)).FileSlices)
        {
            options.Add(WrittenOptions.Of((await ParquetFileReader.OpenAsync(trips.Table.Store, file.Path, Stop)).MetaData));
        }

        return [.. options];
    }

    private static Task<(ReplaceBase On, Replacement Plan)?> PlanAsync(TableErasure erasure, TripTable trips, string where, long id) =>
        erasure.PlanAsync(new WhereCondition(where, trips.Table), HudiTable.StagingFolder("erasure", "delete", "late", id), Stop);

    private static async Task<VerifyReport> CheckAsync(TripTable trips, InstantRange range) =>
        (await TableCheck.RunAsync(trips.Table, range, offsets: true, deep: true, Stop)).Report;

    private async Task<(TripTable Trips, ImmutableArray<string> Instants)> MakeAsync(int commits)
    {
        TripTable trips = await TripTable.CreateAsync(_store, commits, Stop);
        return (trips, await trips.Table.CompletedInstantsAsync(Stop));
    }
}
