using System.Collections.Immutable;
using System.Globalization;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>
/// What one commit costs in a store, and what opening a table costs after many: commits of a few small files and a ledger of so many Kafka
/// partitions, one after the other; after some of them the table is opened as a worker and a reader open it, and at the end these openings
/// are held against those after 300 commits.
/// </summary>
internal static class CommitBenchmark
{
    internal const string Usage =
        "Usage: Lakehouse.Benchmarks commits LOCATION KAFKA_PARTITIONS COMMITS FILES   (a new folder, or s3://bucket/folder)";

    private const int OpeningsEach = 5;
    private static readonly Schema Schema = new(new Field("a", TypeKind.Long));

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Length != 5 || !TryCount(args[2], out int partitions) || !TryCount(args[3], out int commits) || !TryCount(args[4], out int files))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        TimeProvider time = TimeProvider.System;
        var random = new Random();
        IObjectStore store = ObjectStores.Open(args[1], S3Settings.FromEnvironment(Environment.GetEnvironmentVariable), time, random);
        var config = new TableConfig { Name = "commits", Schema = Schema };
        HudiTable table = await HudiTable.CreateAsync(store, config, time, random, CancellationToken.None);
        var committer = new TableCommitter(table, "worker-0", "a", new CommitterOptions(), time, random);
        await committer.RecoverAsync(CancellationToken.None);
        List<double> millis = [];
        (double Worker, double Reader)? after300 = null;
        for (int commit = 0; commit < commits; commit++)
        {
            Committable work = await WorkAsync(table, partitions, commit, files);
            long start = time.GetTimestamp();
            CommitResult result = await committer.CommitAsync(work, CancellationToken.None);
            millis.Add(time.GetElapsedTime(start).TotalMilliseconds);
            if (result is not CommitResult.Committed)
            {
                throw new InvalidOperationException($"Commit {commit}: {result}");
            }

            if (commit + 1 == commits || commit + 1 is 30 or 100 or 300 or 1_000 or 3_000)
            {
                (double worker, double reader) = await OpenAsync(store, time, random);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"after {commit + 1,6} commits: the last {millis.Count} took {Median(millis):f0} ms in the median, at most {millis.Max():f0} ms; ")
                    + string.Create(CultureInfo.InvariantCulture, $"a worker opens the table in {worker:f0} ms, a reader in {reader:f0} ms"));
                millis.Clear();
                after300 = commit + 1 == 300 ? (worker, reader) : after300;
                if (commit + 1 == commits && after300 is { } early && commits > 300)
                {
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"opening after {commits} commits takes {worker / early.Worker:f2} of the time after 300 for a worker, ")
                        + string.Create(CultureInfo.InvariantCulture, $"{reader / early.Reader:f2} for a reader"));
                }
            }
        }

        return 0;
    }

    private static async Task<(double Worker, double Reader)> OpenAsync(IObjectStore store, TimeProvider time, Random random)
    {
        List<double> worker = [];
        List<double> reader = [];
        for (int i = 0; i < OpeningsEach; i++)
        {
            long start = time.GetTimestamp();
            HudiTable table = await HudiTable.OpenAsync(store, time, random, CancellationToken.None)
                ?? throw new InvalidOperationException("The table is gone.");
            await new TableCommitter(table, "worker-0", "b", new CommitterOptions(), time, random).RecoverAsync(CancellationToken.None);
            worker.Add(time.GetElapsedTime(start).TotalMilliseconds);
            start = time.GetTimestamp();
            await table.SnapshotAsync(atInstant: null, CancellationToken.None);
            reader.Add(time.GetElapsedTime(start).TotalMilliseconds);
        }

        return (Median(worker), Median(reader));
    }

    private static async Task<Committable> WorkAsync(HudiTable table, int partitions, int commit, int files)
    {
        ImmutableArray<StagedFile>.Builder staged = ImmutableArray.CreateBuilder<StagedFile>();
        for (int i = 0; i < files; i++)
        {
            using var builder = new ColumnBuilder(TypeKind.Long);
            builder.Append((long)commit);
            using var rows = new RecordBatch(Schema, [builder.Finish()], 1);
            using var writer = new BaseFileWriter(
                table, "", HudiTable.StagingFolder("commits", "worker-0", "a", commit + 1), new BaseFileOptions(), carriedOver: null);
            writer.Write(rows, new RowIdentity("commits-0-"u8.ToArray(), rows.Columns[0]));
            staged.Add(await writer.CompleteAsync(CancellationToken.None));
        }

        return new Committable(
            staged.ToImmutable(),
            [
                .. Enumerable.Range(0, partitions).Select(p => new OffsetRange(
                    new LedgerKey("commits", "cluster-1", "commits", p), commit * 1000L, (commit + 1) * 1000L, 1, "topic-id", 1000,
                    p == 0 ? files : 0, p == 0 ? 1000 - files : 1000, 0, 0, null, null)),
            ],
            new CheckpointReference("commits", "worker-0", commit + 1, FormattableString.Invariant($"commits/worker-0/a/{commit + 1}")),
            0,
            []);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static bool TryCount(string text, out int count) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);
}
