using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using Xunit.Sdk;

namespace Lakehouse.Conformance.Tests;

/// <summary>The checks notice what they are there for: each table is broken on purpose.</summary>
public sealed class BrokenTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_row_that_stands_twice_is_counted_by_every_reader()
    {
        SampleTable sample = await CommittedAsync();
        var first = new RecordCount(40, 40, 0, new Dictionary<int, PartitionCount> { [1] = new(0, 39, 40) });
        Same(first, await ForeignReaders.HudiRust.CountRecordsAsync(sample.Folder, Cancellation, "zone", "id"));
        Same(first, await ForeignReaders.DuckDb.CountRecordsAsync(sample.Table, Cancellation, "zone", "id"));
        Assert.Equal((40, 40), await ForeignReaders.HudiJava.CountRecordsAsync(sample.Folder, Cancellation, "zone", "id"));

        string file = DataFile(sample);
        File.Copy(file, Path.Combine(Path.GetDirectoryName(file)!, $"another-0_{Path.GetFileName(file).Split('_', 2)[1]}"));
        RecordCount doubled = first with { RowCount = 50, DoubledCount = 10 };
        Same(doubled, await ForeignReaders.HudiRust.CountRecordsAsync(sample.Folder, Cancellation, "zone", "id"));
        Same(doubled, await ForeignReaders.DuckDb.CountRecordsAsync(sample.Table, Cancellation, "zone", "id"));
        Assert.Equal((50, 40), await ForeignReaders.HudiJava.CountRecordsAsync(sample.Folder, Cancellation, "zone", "id"));
        await Assert.ThrowsAnyAsync<XunitException>(() => Comparison.HudiRustAsync(sample, null, Cancellation));
        await Assert.ThrowsAnyAsync<XunitException>(() => Comparison.HudiJavaAsync(sample, null, 2, Cancellation));
        await Assert.ThrowsAnyAsync<XunitException>(() => Comparison.DuckDbAsync(sample, null, Cancellation));
    }

    [Fact]
    public async Task I1_notices_a_file_of_no_instant() => await NoticedAsync(
        sample => CopyAs(DataFile(sample), "another-0", Earlier(sample, 0)),
        TableInvariants.I1EveryFileBelongsToACompletedInstantOrToTheOnePendingOne);

    [Fact]
    public async Task I1_notices_a_pending_instant_that_was_overtaken() => await NoticedAsync(
        sample => File.WriteAllText(Path.Combine(sample.Folder, ".hoodie", $"{Earlier(sample, -1)}.commit.requested"), ""),
        TableInvariants.I1EveryFileBelongsToACompletedInstantOrToTheOnePendingOne);

    [Theory]
    [InlineData("part-0.parquet")]
    [InlineData("notes.txt")]
    [InlineData("a_b_c_d.parquet")]
    public async Task I2_notices_a_strange_name(string name) => await NoticedAsync(
        sample => File.Copy(DataFile(sample), Path.Combine(Path.GetDirectoryName(DataFile(sample))!, name)), TableInvariants.I2NamesParse);

    [Fact]
    public async Task I2_notices_a_folder_that_is_no_partition() => await NoticedAsync(
        sample => File.Delete(Path.Combine(Path.GetDirectoryName(DataFile(sample))!, ".hoodie_partition_metadata")),
        TableInvariants.I2NamesParse);

    [Fact]
    public async Task I3_notices_a_file_group_in_two_partitions() => await NoticedAsync(
        sample => File.Copy(
            DataFile(sample), Path.Combine(sample.Folder, InterruptedTables.LastPartition, Path.GetFileName(DataFile(sample)))),
        TableInvariants.I3FileIdsAreUnique);

    [Fact]
    public async Task I4_notices_a_longer_file() =>
        await NoticedAsync(sample => File.AppendAllText(DataFile(sample), "x"), TableInvariants.I4SizesAreThoseThatCommitsName);

    [Fact]
    public async Task I5_notices_a_missing_file() =>
        await NoticedAsync(sample => File.Delete(DataFile(sample)), TableInvariants.I5NamedFilesExist);

    [Fact]
    public async Task I6_notices_an_instant_that_completed_too_late() => await NoticedAsync(
        sample => File.SetLastWriteTimeUtc(
            Path.Combine(sample.Folder, ".hoodie", $"{sample.Instants.First()}.commit"), DateTime.UtcNow.AddHours(1)),
        TableInvariants.I6InstantsCompletedInOrder);

    [Fact]
    public async Task I7_notices_a_type_that_is_named_twice() => await NoticedAsync(
        sample => Edit(CommitFile(sample), text => text.Replace("sample_record.balance", "sample_record.price", StringComparison.Ordinal)),
        TableInvariants.I7SchemasParse);

    [Fact]
    public async Task I8_notices_a_file_of_another_schema()
    {
        SampleTable sample = await CommittedAsync();
        string file = Path.GetRelativePath(sample.Folder, DataFile(sample));
        File.Delete(DataFile(sample));
        await WriteOneColumnAsync(sample.Table.Store, new ObjectPath(file));
        TableListing listing = await TableListing.OfAsync(sample.Table, Cancellation);
        await Assert.ThrowsAnyAsync<XunitException>(() => TableInvariants.I8DataFilesHaveOneSchemaAsync(listing, Cancellation));
    }

    [Fact]
    public async Task I9_notices_a_file_that_only_one_reader_takes()
    {
        SampleTable sample = await CommittedAsync();
        CopyAs(DataFile(sample), "another-0", Earlier(sample, 0));
        TableListing listing = await TableListing.OfAsync(sample.Table, Cancellation);
        await Assert.ThrowsAnyAsync<XunitException>(
            () => TableInvariants.I9ReadersChooseTheSameFilesAtEveryInstantAsync(listing, Cancellation));
    }

    private async Task NoticedAsync(Action<SampleTable> damage, Action<TableListing> check)
    {
        SampleTable sample = await CommittedAsync();
        check(await TableListing.OfAsync(sample.Table, Cancellation));
        damage(sample);
        TableListing damaged = await TableListing.OfAsync(sample.Table, Cancellation);
        Assert.ThrowsAny<XunitException>(() => check(damaged));
    }

    /// <summary>Two commits of 20 rows, each with a file of 10 in both partitions.</summary>
    private async Task<SampleTable> CommittedAsync()
    {
        SampleTable sample = await SampleTable.CreateAsync(_folder["table"], SampleShape.ByDay, 1, Cancellation);
        await sample.CommitAsync(20, Cancellation);
        await sample.CommitAsync(20, Cancellation);
        return sample;
    }

    private static void Same(RecordCount expected, RecordCount actual)
    {
        Assert.Equal(expected with { Partitions = actual.Partitions }, actual);
        Assert.Equal(expected.Partitions, actual.Partitions);
    }

    private static string DataFile(SampleTable sample) => Directory
        .EnumerateFiles(sample.Folder, "*.parquet", SearchOption.AllDirectories)
        .Where(static f => !f.Contains(".hoodie/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();

    private static string CommitFile(SampleTable sample) => Path.Combine(sample.Folder, ".hoodie", $"{sample.Instants.First()}.commit");

    /// <summary>An instant one millisecond before one of the table's: 0 the newest, -1 the one before.</summary>
    private static string Earlier(SampleTable sample, int instant) =>
        InstantTime.At(InstantTime.Parse(sample.Instants.ToArray()[^(1 - instant)]).AddMilliseconds(-1));

    private static void CopyAs(string file, string fileId, string instant) =>
        File.Copy(file, Path.Combine(Path.GetDirectoryName(file)!, $"{fileId}_{SampleTable.WriteToken}_{instant}.parquet"));

    private static async Task WriteOneColumnAsync(IObjectStore store, ObjectPath path)
    {
        using var builder = new ColumnBuilder(TypeKind.Long);
        builder.Append(1L);
        using ColumnVector column = builder.Finish();
        using var writer = new ParquetFileWriter(
            new Schema(new Field("id", TypeKind.Long)), new ParquetWriterOptions(), new Dictionary<string, ConstantColumn>(), null);
        writer.Write([column], 1);
        await using IObjectUpload upload = await store.BeginUploadAsync(path, Cancellation);
        await writer.CompleteAsync(upload, Cancellation);
        await upload.CompleteAsync(Cancellation);
    }

    private static void Edit(string file, Func<string, string> edit)
    {
        string before = File.ReadAllText(file);
        string after = edit(before);
        Assert.NotEqual(before, after);
        File.WriteAllText(file, after);
    }
}
