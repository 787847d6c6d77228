using Amazon.S3.Model;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Storage;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>Tables in a real object store.</summary>
[Collection(nameof(RealS3))]
public sealed class S3TableTests(RealS3 s3)
{
    private readonly string _folder = RealS3.NewFolder() + "/trips";

    private string Location => $"s3://{S3Service.Bucket}/{_folder}";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hudi_rs_reads_every_row_once_whoever_died_in_between(bool partitioned)
    {
        S3ObjectStore store = s3.Service.NewStore(_folder);
        var table = new RealTable(store, partitioned, TimeProvider.System);
        await table.CreateAsync();
        var first = (CommitResult.Committed)await table.Committer().CommitAsync(await table.StageAsync(1, 0, 100), Stop);
        Assert.Equal(100, await HudiRsRowsAsync());

        Committable work = await table.StageAsync(2, 100, 250);
        await DieAfterAsync(table, store, work, ".claim");
        Assert.Equal(100, await HudiRsRowsAsync());
        await table.Committer("c").RecoverAsync(Stop);
        await DieAfterAsync(table, store, work, ".outcome");
        await table.Committer("d").RecoverAsync(Stop);

        Assert.Equal(250, await HudiRsRowsAsync());
        Assert.Equal(100, await HudiRsRowsAsync(first.Instant));
        TableSnapshot snapshot = await table.Table.SnapshotAsync(null, Stop);
        Assert.Equal(250, snapshot.FileSlices.Sum(static s => s.RowCount));
        Assert.Equal(Location, table.Table.Store.Root);
    }

    [Fact]
    public async Task Who_recovers_gives_up_the_uploads_of_decided_numbers()
    {
        S3ObjectStore store = s3.Service.NewStore(_folder);
        var table = new RealTable(store, partitioned: false, TimeProvider.System);
        await table.CreateAsync();
        await table.Committer().CommitAsync(await table.StageAsync(1, 0, 10), Stop);
        ObjectPath[] begun =
        [
            SequenceFolder.Staging(1, "00000000000000aa") / "x.parquet",
            SequenceFolder.Staging(2, "00000000000000aa") / "x.parquet",
            HudiTable.StagingFolder("trips", "worker-1", "b", 7) / "x.parquet",
        ];
        using Amazon.S3.IAmazonS3 client = s3.Service.NewClient();
        foreach (ObjectPath path in begun)
        {
            await client.InitiateMultipartUploadAsync(S3Service.Bucket, $"{_folder}/{path}", Stop);
        }

        await table.Committer("c").RecoverAsync(Stop);
        List<ObjectPath> left = [];
        await store.AbortUploadsAsync(
            default,
            (path, _) =>
            {
                left.Add(path);
                return true;
            },
            Stop);
        Assert.Equal(begun[1..].Order(), left.Order());
    }

    [Fact]
    public async Task A_file_that_is_given_up_while_its_row_groups_are_sent_leaves_nothing()
    {
        S3ObjectStore store = s3.Service.NewStore(_folder);
        HudiTable table = await HudiTable.CreateAsync(
            store, new TableConfig { Name = "notes", Schema = new Schema(new Field("note", TypeKind.String)) }, TimeProvider.System, new Random(1), Stop);
        ObjectPath staging = HudiTable.StagingFolder("notes", "worker-1", "a", 1);
        using Amazon.S3.IAmazonS3 client = s3.Service.NewClient();
        for (int completes = 0; completes < 2; completes++)
        {
            await using var writer = new BaseFileWriter(
                table, "", staging, new BaseFileOptions { Parquet = new ParquetWriterOptions { RowGroupRowCountMax = 400 } }, null);
            for (int batch = 0; batch < 12; batch++)
            {
                using RecordBatch rows = Notes(table.Config.Schema, 100, 12_000);
                using var offsets = new ColumnBuilder(TypeKind.Long);
                Enumerable.Range(batch * 100, 100).ToList().ForEach(o => offsets.Append((long)o));
                using ColumnVector numbers = offsets.Finish();
                writer.Write(rows, new RowIdentity("notes-0-"u8.ToArray(), numbers));
                await writer.HandOverAsync(Stop);
            }

            Assert.Single((await client.ListMultipartUploadsAsync(
                new ListMultipartUploadsRequest { BucketName = S3Service.Bucket, Prefix = _folder }, Stop)).MultipartUploads);
            if (completes == 1)
            {
                StagedFile staged = await writer.CompleteAsync(Stop);
                Assert.Equal(1_200, (await ParquetFileReader.OpenAsync(store, staged.StagedPath, Stop)).MetaData.NumRows);
            }
            else
            {
                Assert.Null(await store.StatAsync(staging, Stop));
            }
        }

        Assert.Empty((await client.ListMultipartUploadsAsync(
            new ListMultipartUploadsRequest { BucketName = S3Service.Bucket, Prefix = _folder }, Stop)).MultipartUploads ?? []);
    }

    private static RecordBatch Notes(Schema schema, int rowCount, int byteCount)
    {
        using var notes = new ColumnBuilder(TypeKind.String);
        byte[] note = new byte[byteCount];
        for (int row = 0; row < rowCount; row++)
        {
            Random.Shared.NextBytes(note);
            notes.Append(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(note)));
        }

        return new RecordBatch(schema, [notes.Finish()], rowCount);
    }

    [Fact]
    public async Task A_lost_answer_at_any_request_of_a_commit_leaves_it_whole_or_not_there()
    {
        using var transport = new FaultyTransport();
        var store = new RetryingObjectStore(s3.Service.NewStore(_folder, transport), TimeProvider.System, new Random(1));
        var table = new RealTable(store, partitioned: false, TimeProvider.System);
        await table.CreateAsync();
        int next = 0;
        long end = 0;
        for (int lost = 0; ; lost++)
        {
            // Everything else is answered: the answer to the n-th changing request alone gets lost.
            Committable work = await table.StageAsync(lost + 1, end, end + 30);
            int changes = 0;
            transport.After = (request, _) =>
            {
                if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head && changes++ == lost)
                {
                    throw new IOException("cut");
                }
            };
            TableCommitter committer = table.Committer($"a{lost}");
            await committer.RecoverAsync(Stop);
            try
            {
                CommitResult result = await committer.CommitAsync(work, Stop);
                Assert.True(result is CommitResult.Committed or CommitResult.AlreadyCommitted, $"{result} after losing answer {lost}");
            }
            catch (ObjectStoreException e) when (e.OutcomeIsUnknown)
            {
                // Then whoever comes next must know.
            }

            transport.After = null;
            TableState state = await table.Committer($"b{lost}").RecoverAsync(Stop);
            TableSnapshot snapshot = await table.Table.SnapshotAsync(null, Stop);
            long now = state.Ledger.Entries.IsEmpty ? 0 : state.Ledger.Entries[RealTable.Key].EndOffset;
            Assert.True(now == end || now == end + 30, $"the ledger ends at {now} after losing answer {lost}");
            Assert.Equal(now, snapshot.FileSlices.Sum(static s => s.RowCount));
            end = now;
            next = changes;
            if (changes <= lost)
            {
                break;
            }
        }

        Assert.True(next >= 10, $"only {next} changing requests");
        Assert.Equal(end, await HudiRsRowsAsync());
    }

    private async Task<long> HudiRsRowsAsync(string? asOf = null) =>
        (await ForeignReaders.HudiRust.ReadAsync(Location, asOf, Stop, s3.Service.Environment)).RowCount;

    private static async Task DieAfterAsync(RealTable table, S3ObjectStore shared, Committable work, string put)
    {
        var store = new ProcessStore(shared);
        store.After = call =>
        {
            store.IsDead |= call.Is("put-if-absent", put);
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<ProcessDiedException>(() => table.Committer("b", store).CommitAsync(work, Stop));
    }
}
