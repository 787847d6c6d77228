using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Service;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class TableCheckTests
{
    private readonly MemoryObjectStore _store = new("table", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_undamaged_table_is_proven_with_its_ranges_and_rows()
    {
        TripTable trips = await MakeAsync();
        TableCheck check = await TableCheck.RunAsync(trips.Table, null, Stop);
        Assert.Empty(check.Report.Findings);
        Assert.True(check.IsProven);
        Assert.Equal(3, check.Report.InstantCount);
        Assert.Equal(540, check.Report.RowCount);
        Assert.Equal(540, check.Report.OffsetsProven);
        Assert.Equal([(0, 0L, 300L, 270L, 30L), (1, 0L, 300L, 270L, 30L)],
            check.Report.Partitions.Select(p => (p.Key.Partition, p.FirstOffset, p.EndOffset, p.Written, p.Filtered)));
    }

    [Theory]
    [InlineData("\"start\":100", "\"start\":110", FindingKind.Gap)]
    [InlineData("\"start\":100", "\"start\":90", FindingKind.Overlap)]
    [InlineData("\"filtered\":10", "\"filtered\":11", FindingKind.CountMismatch)]
    [InlineData("\"written\":90", "\"written\":89", FindingKind.CountMismatch)]
    [InlineData("\"end\":200", "\"end\":199", FindingKind.LedgerMismatch)]
    [InlineData("\"partition\":1,\"endOffset\":200", "\"partition\":7,\"endOffset\":200", FindingKind.LedgerMismatch)]
    public async Task A_commit_whose_ledger_is_changed_is_found(string was, string becomes, FindingKind finding)
    {
        TripTable trips = await MakeAsync();
        string instant = await ChangeCommitAsync(trips, 1, commit =>
        {
            string ledger = commit.ExtraMetadata[CommitMetadata.LedgerKey];
            Assert.Contains(was, ledger);
            return commit with { ExtraMetadata = commit.ExtraMetadata.SetItem(CommitMetadata.LedgerKey, ledger.Replace(was, becomes)) };
        });
        await AssertFoundAsync(trips, finding, instant);
    }

    [Fact]
    public async Task A_commit_without_ledger_is_found()
    {
        TripTable trips = await MakeAsync();
        string instant = await ChangeCommitAsync(trips, 1, commit =>
            commit with { ExtraMetadata = commit.ExtraMetadata.Remove(CommitMetadata.LedgerKey) });
        await AssertFoundAsync(trips, FindingKind.LedgerNotCarried, instant);
    }

    [Fact]
    public async Task A_wrong_row_count_of_a_file_is_found()
    {
        TripTable trips = await MakeAsync();
        string instant = await ChangeCommitAsync(trips, 1, commit => commit with
        {
            PartitionToWriteStats = commit.PartitionToWriteStats.ToImmutableSortedDictionary(
                p => p.Key, p => p.Value.Select(s => s with { RowCount = s.RowCount + 1 }).ToImmutableArray()),
        });
        await AssertFoundAsync(trips, FindingKind.CountMismatch, instant);
    }

    [Fact]
    public async Task A_deleted_commit_in_the_middle_is_a_gap()
    {
        TripTable trips = await MakeAsync();
        CompletedInstant second = (await trips.Table.SnapshotAsync(null, Stop)).Timeline[1];
        await _store.DeleteAsync(new ObjectPath($".hoodie/{second.Time}.commit"), Stop);
        TableCheck check = await TableCheck.RunAsync(trips.Table, null, Stop);
        Assert.Contains(check.Report.Findings, f => f.Kind == FindingKind.Gap);
        Assert.Contains(check.Report.Findings, f => f.Kind == FindingKind.MissingInstant && f.Where == second.Time);
        Assert.Contains(check.Report.Findings, f => f.Kind == FindingKind.UnnamedFile);
    }

    [Fact]
    public async Task A_missing_file_is_found()
    {
        (TripTable trips, FileSlice file) = await MakeWithFileAsync();
        await _store.DeleteAsync(file.Path, Stop);
        await AssertFoundAsync(trips, FindingKind.MissingFile, file.Path.Value);
    }

    [Fact]
    public async Task A_file_that_no_instant_names_is_found()
    {
        (TripTable trips, FileSlice file) = await MakeWithFileAsync();
        string other = "11111111-2222-4333-8444-555555555555-0" + file.Path.Name[file.FileId.Length..];
        await _store.CopyIfAbsentAsync(file.Path, file.Path.Parent / other, Stop);
        await AssertFoundAsync(trips, FindingKind.UnnamedFile, other);
    }

    [Fact]
    public async Task A_truncated_file_is_found_by_its_size_and_its_footer()
    {
        (TripTable trips, FileSlice file) = await MakeWithFileAsync();
        byte[] bytes = await _store.GetAsync(file.Path, Stop) ?? throw new InvalidOperationException("The file is gone.");
        await _store.PutAsync(file.Path, bytes.AsMemory(0, bytes.Length / 2), Stop);
        TableCheck check = await TableCheck.RunAsync(trips.Table, null, Stop);
        Assert.Equal([FindingKind.SizeMismatch, FindingKind.UnreadableFile],
            check.Report.Findings.Where(f => f.Where.Contains(file.Path.Value)).Select(f => f.Kind).Order());
    }

    [Fact]
    public async Task Missing_partition_metadata_is_found()
    {
        (TripTable trips, FileSlice file) = await MakeWithFileAsync();
        ObjectPath metadata = file.Path.Parent / ".hoodie_partition_metadata";
        await _store.DeleteAsync(metadata, Stop);
        await AssertFoundAsync(trips, FindingKind.MissingPartitionMetadata, metadata.Value);
    }

    [Fact]
    public async Task A_record_that_is_there_twice_is_found_by_its_offset_although_the_counts_agree()
    {
        TripTable trips = await TripTable.CreateAsync(_store, Stop);
        await trips.CommitAsync(Stop, @double: true);
        Assert.True((await TableCheck.RunAsync(trips.Table, offsets: false, Stop)).IsProven);
        TableCheck check = await TableCheck.RunAsync(trips.Table, offsets: true, Stop);
        Assert.Equal([FindingKind.DuplicateRecord, FindingKind.MissingRecord], check.Report.Findings.Select(f => f.Kind));
        Assert.Contains("trips-0 offset 0", check.Report.Findings[0].What);
        Assert.Contains("90 records are in the table and those that follow it, by their rows 89", check.Report.Findings[1].What);
    }

    private Task<TripTable> MakeAsync() =>
        TripTable.CreateAsync(_store, 3, Stop);

    private async Task<(TripTable Trips, FileSlice File)> MakeWithFileAsync()
    {
        TripTable trips = await MakeAsync();
        return (trips, (await trips.Table.SnapshotAsync(null, Stop)).FileSlices[2]);
    }

    private async Task<string> ChangeCommitAsync(TripTable trips, int index, Func<CommitMetadata, CommitMetadata> change)
    {
        CompletedInstant instant = (await trips.Table.SnapshotAsync(null, Stop)).Timeline[index];
        await _store.PutAsync(new ObjectPath($".hoodie/{instant.Time}.commit"), change(instant.Metadata).ToJson(), Stop);
        return instant.Time;
    }

    private static async Task AssertFoundAsync(TripTable trips, FindingKind kind, string where)
    {
        TableCheck check = await TableCheck.RunAsync(trips.Table, null, Stop);
        Assert.False(check.IsProven);
        Assert.Contains(check.Report.Findings, f => f.Kind == kind && f.Where.Contains(where));
    }
}
