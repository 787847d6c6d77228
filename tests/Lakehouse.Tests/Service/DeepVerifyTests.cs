using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Service;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class DeepVerifyTests
{
    private readonly MemoryObjectStore _store = new("table", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_tables_with_the_same_rows_in_other_files_have_the_same_hash()
    {
        TripTable two = await MakeAsync(_store, 100, 100);
        TripTable three = await MakeAsync(new MemoryObjectStore("other", TimeProvider.System), 50, 30, 120);
        DeepReport hash = await HashAsync(two, InstantRange.Whole);
        DeepReport other = await HashAsync(three, InstantRange.Whole);
        Assert.Equal((360, hash.Hash), (hash.RowCount, other.Hash));
        Assert.Equal(hash.Columns, other.Columns);
        Assert.Matches("^[0-9a-f]{32}$", hash.Hash);
        Assert.DoesNotContain(hash.Columns, c => c.Name is "_hoodie_commit_time" or "_hoodie_file_name");
    }

    [Fact]
    public async Task Two_instants_have_different_hashes_and_each_keeps_its_own()
    {
        TripTable trips = await MakeAsync(_store, 100);
        string first = (await HashAsync(trips, InstantRange.Whole)).Hash;
        await trips.CommitAsync(Stop);
        string instant = (await trips.Table.CompletedInstantsAsync(Stop))[0];
        Assert.NotEqual(first, (await HashAsync(trips, InstantRange.Whole)).Hash);
        Assert.Equal(first, (await HashAsync(trips, new InstantRange(null, instant))).Hash);
        Assert.Equal(180, (await HashAsync(trips, new InstantRange(instant, null))).RowCount);
    }

    [Fact]
    public async Task One_doubled_row_in_the_place_of_another_changes_the_hash()
    {
        TripTable right = await MakeAsync(_store, 100);
        TripTable wrong = await TripTable.CreateAsync(new MemoryObjectStore("other", TimeProvider.System), Stop);
        await wrong.CommitAsync(Stop, @double: true);
        DeepReport[] hashes = [await HashAsync(right, InstantRange.Whole), await HashAsync(wrong, InstantRange.Whole)];
        Assert.Equal(hashes[0].RowCount, hashes[1].RowCount);
        Assert.NotEqual(hashes[0].Hash, hashes[1].Hash);
        Assert.Equal(["kafka_partition"], hashes[0].Columns.Intersect(hashes[1].Columns).Select(c => c.Name));
    }

    [Fact]
    public async Task A_flipped_bit_in_any_column_is_found_by_its_checksum()
    {
        TripTable trips = await MakeAsync(_store, 100);
        FileSlice file = (await trips.Table.SnapshotAsync(null, Stop)).FileSlices[0];
        byte[] bytes = await _store.GetAsync(file.Path, Stop) ?? throw new InvalidOperationException("The file is gone.");
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, file.Path, Stop);
        foreach (ColumnChunk chunk in reader.MetaData.RowGroups[0].Columns)
        {
            byte[] damaged = [.. bytes];
            long start = chunk.MetaData.DictionaryPageOffset ?? chunk.MetaData.DataPageOffset;
            damaged[start + chunk.MetaData.TotalCompressedSize - 1] ^= 4;
            await _store.PutAsync(file.Path, damaged, Stop);
            TableCheck check = await TableCheck.RunAsync(trips.Table, InstantRange.Whole, offsets: false, deep: true, Stop);
            Finding finding = Assert.Single(check.Report.Findings);
            Assert.Equal((FindingKind.UnreadableFile, file.Path.Value), (finding.Kind, finding.Where));
            Assert.Contains(chunk.MetaData.PathInSchema[0], finding.What);
        }
    }

    private static async Task<DeepReport> HashAsync(TripTable trips, InstantRange range)
    {
        TableCheck check = await TableCheck.RunAsync(trips.Table, range, offsets: false, deep: true, Stop);
        return check.Report.Deep ?? throw new InvalidOperationException("Nothing was read.");
    }

    private static async Task<TripTable> MakeAsync(IObjectStore store, params int[] commits)
    {
        TripTable trips = await TripTable.CreateAsync(store, Stop);
        foreach (int records in commits)
        {
            await trips.CommitAsync(Stop, records: records);
        }

        return trips;
    }
}
