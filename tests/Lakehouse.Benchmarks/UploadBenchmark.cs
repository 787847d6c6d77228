using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>
/// What a barrier waits for: one file of so many MiB, written at a steady pace, is completed and committed; first with its row groups handed
/// to the upload as they finish, then with all of it handed over at the barrier.
/// </summary>
internal static class UploadBenchmark
{
    internal const string Usage =
        "Usage: Lakehouse.Benchmarks upload LOCATION FILE_MIB ROW_GROUP_MIB SECONDS   (a new folder, or s3://bucket/folder)";

    private const int RoundCount = 3;
    private const int BatchRowCount = 256;
    private const int NoteBytes = 1_500;
    private static readonly Schema Schema = new(new Field("n", TypeKind.Long), new Field("note", TypeKind.String));

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Length != 5 || !TryCount(args[2], out int mebibytes) || !TryCount(args[3], out int groupMebibytes)
            || !TryCount(args[4], out int seconds))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        TimeProvider time = TimeProvider.System;
        var random = new Random();
        IObjectStore store = ObjectStores.Open(args[1], S3Settings.FromEnvironment(Environment.GetEnvironmentVariable), time, random);
        HudiTable table = await HudiTable.CreateAsync(
            store, new TableConfig { Name = "upload", Schema = Schema }, time, random, CancellationToken.None);
        var committer = new TableCommitter(table, "worker-0", "a", new CommitterOptions(), time, random);
        await committer.RecoverAsync(CancellationToken.None);
        int checkpoint = 0;
        foreach (bool handsOver in (bool[])[true, false])
        {
            List<double> barriers = [];
            List<double> commits = [];
            for (int round = 0; round < RoundCount; round++)
            {
                (double barrier, double commit) = await RoundAsync(
                    table, committer, ++checkpoint, mebibytes, groupMebibytes, TimeSpan.FromSeconds(seconds), handsOver);
                barriers.Add(barrier);
                commits.Add(commit);
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{mebibytes} MiB in row groups of {groupMebibytes} MiB, {(handsOver ? "uploaded as they finish" : "uploaded at the barrier")}: ")
                + string.Create(CultureInfo.InvariantCulture, $"file complete {Text(barriers)} ms after the barrier, committed {Text(commits)} ms after that"));
        }

        return 0;
    }

    private static async Task<(double Barrier, double Commit)> RoundAsync(
        HudiTable table, TableCommitter committer, int checkpoint, int mebibytes, int groupMebibytes, TimeSpan pace, bool handsOver)
    {
        TimeProvider time = TimeProvider.System;
        long begun = time.GetTimestamp();
        var options = new BaseFileOptions
        {
            Parquet = new ParquetWriterOptions { RowGroupBytes = (long)groupMebibytes << 20, Codec = CompressionCodec.Uncompressed },
        };
        await using var writer = new BaseFileWriter(
            table, "", HudiTable.StagingFolder("upload", "worker-0", "a", checkpoint), options, carriedOver: null);
        byte[] note = new byte[NoteBytes];
        for (long rowCount = 0; writer.EncodedByteCount < (long)mebibytes << 20; rowCount += BatchRowCount)
        {
            using RecordBatch rows = Rows(rowCount, note);
            writer.Write(rows, new RowIdentity("upload-0-"u8.ToArray(), rows.Columns[0]));
            if (handsOver)
            {
                await writer.HandOverAsync(CancellationToken.None);
            }

            TimeSpan due = pace * ((double)writer.EncodedByteCount / ((long)mebibytes << 20));
            TimeSpan ahead = due - time.GetElapsedTime(begun);
            if (ahead > TimeSpan.FromMilliseconds(20))
            {
                await Task.Delay(ahead, time);
            }
        }

        long barrier = time.GetTimestamp();
        StagedFile staged = await writer.CompleteAsync(CancellationToken.None);
        long complete = time.GetTimestamp();
        CommitResult result = await committer.CommitAsync(Work(staged, checkpoint), CancellationToken.None);
        double commit = time.GetElapsedTime(complete).TotalMilliseconds;
        return result is CommitResult.Committed
            ? (time.GetElapsedTime(barrier, complete).TotalMilliseconds, commit)
            : throw new InvalidOperationException($"Checkpoint {checkpoint}: {result}");
    }

    /// <summary>Texts that no dictionary shortens.</summary>
    private static RecordBatch Rows(long first, byte[] note)
    {
        using var numbers = new ColumnBuilder(TypeKind.Long);
        using var notes = new ColumnBuilder(TypeKind.String);
        for (int row = 0; row < BatchRowCount; row++)
        {
            numbers.Append(first + row);
            note.AsSpan().Fill((byte)('a' + (row % 26)));
            Encoding.ASCII.GetBytes((first + row).ToString("D20", CultureInfo.InvariantCulture), note);
            notes.Append(note);
        }

        return new RecordBatch(Schema, [numbers.Finish(), notes.Finish()], BatchRowCount);
    }

    private static Committable Work(StagedFile file, int checkpoint) => new(
        [file],
        [
            new OffsetRange(new LedgerKey("upload", "cluster-1", "upload", 0), (checkpoint - 1) * 1_000_000L, checkpoint * 1_000_000L, 1, "topic-id",
                file.RowCount, file.RowCount, 0, 0, 0, null, null),
        ],
        new CheckpointReference("upload", "worker-0", checkpoint, FormattableString.Invariant($"upload/worker-0/a/{checkpoint}")),
        0,
        ImmutableArray<FollowerTable>.Empty);

    private static string Text(List<double> millis) =>
        string.Create(CultureInfo.InvariantCulture, $"{millis.Order().ElementAt(millis.Count / 2):f0} ({millis.Min():f0} to {millis.Max():f0})");

    private static bool TryCount(string text, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0;
}
