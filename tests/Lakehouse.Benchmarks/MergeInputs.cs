using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>
/// Folders of small files for <c>merge</c>: trips as the ingest writes them, with meta columns, through a real table whose commits name
/// the files; the same rows by arrow-rs; files of a tenth; and a mix of the first two.
/// </summary>
internal sealed class MergeInputs(string folder, string ndjson, int fileCount, int rowsPerFile)
{
    /// <summary>Files of one subtask: dictionaries go on from file to file.</summary>
    internal const string Ours = "ours";

    /// <summary>Files of the yardstick: a dictionary of its own in each.</summary>
    internal const string Theirs = "arrow-rs";

    /// <summary>Ten times as many files, a tenth as large, of one subtask.</summary>
    internal const string Small = "small";

    /// <summary>In turn a file of each of two subtasks of ours, and two that arrow-rs wrote from the same rows.</summary>
    internal const string Mixed = "mixed";

    private const int BatchRowCount = 1024;
    private const int Factor = 10;
    private const int RowCountMax = 10_000_000;

    internal static IReadOnlyList<string> Names { get; } = [Ours, Theirs, Small, Mixed];

    internal static string[] Files(string folder, string name) =>
        [.. Directory.EnumerateFiles(Path.Combine(folder, name), "*.parquet").Order(StringComparer.Ordinal)];

    internal async Task PrepareAsync()
    {
        NdjsonFile file = NdjsonFile.Read(ndjson, RowCountMax);
        List<RecordBatch> batches = JsonBenchmark.DecodeAll(file, BatchRowCount);
        await WriteAsync(Ours, batches, fileCount, rowsPerFile, filesPerCommit: 1, subtasks: 1);
        await WriteAsync(Small, batches, fileCount * Factor, rowsPerFile / Factor, filesPerCommit: Factor, subtasks: 1);
        await WriteAsync(Mixed, batches, fileCount, rowsPerFile, filesPerCommit: 2, subtasks: 2);
        foreach (RecordBatch batch in batches)
        {
            batch.Dispose();
        }

        if (Surroundings.Shared("yardstick", "compact") is { } compact)
        {
            string count = fileCount.ToString(CultureInfo.InvariantCulture);
            string rows = rowsPerFile.ToString(CultureInfo.InvariantCulture);
            await RunAsync(compact, ["split", Path.GetFullPath(ndjson), Path.Combine(folder, Theirs), count, rows]);
            foreach (string ours in Files(folder, Mixed).Where(static (_, i) => i % 4 >= 2))
            {
                await RunAsync(compact, ["merge", "1", ours + ".arrow-rs", ours]);
                File.Move(ours + ".arrow-rs", ours, overwrite: true);
            }
        }

        foreach (string name in Names.Where(n => Directory.Exists(Path.Combine(folder, n))))
        {
            string[] files = Files(folder, name);
            Console.WriteLine($"{name}: {files.Length} files, {files.Sum(static f => new FileInfo(f).Length) / 1e6:F0} MB");
        }
    }

    /// <summary>Writes files into a table, commits them, and keeps them by the order of their instants.</summary>
    private async Task WriteAsync(string name, List<RecordBatch> batches, int files, int rows, int filesPerCommit, int subtasks)
    {
        using var place = new TemporaryFolder();
        var config = new TableConfig { Name = "trips", Schema = TripsSchema.Schema };
        var random = new Random(1);
        HudiTable table = await HudiTable.CreateAsync(
            new LocalObjectStore(place.Path), config, TimeProvider.System, random, CancellationToken.None);
        var committer = new TableCommitter(table, "worker-0", "a", new CommitterOptions(), TimeProvider.System, random);
        await committer.RecoverAsync(CancellationToken.None);
        Rows[] sources = [.. Enumerable.Range(0, subtasks).Select(s => new Rows(table, batches, s))];
        Directory.CreateDirectory(Path.Combine(folder, name));
        long checkpoint = 0;
        for (int written = 0; written < files; written += filesPerCommit)
        {
            var staged = ImmutableArray.CreateBuilder<StagedFile>();
            checkpoint++;
            for (int i = 0; i < filesPerCommit; i++)
            {
                staged.Add(await sources[(written + i) % subtasks].WriteAsync(rows, checkpoint));
            }

            var work = new Committable(
                staged.ToImmutable(),
                [],
                new CheckpointReference("trips", "worker-0", checkpoint, $"trips/worker-0/a/{checkpoint}"),
                0,
                []);
            if (await committer.CommitAsync(work, CancellationToken.None) is not CommitResult.Committed)
            {
                throw new InvalidOperationException($"Commit {checkpoint} of {name} failed.");
            }
        }

        TableSnapshot snapshot = await table.SnapshotAsync(atInstant: null, CancellationToken.None);
        string[] paths =
        [
            .. snapshot.FileSlices.Select(static s => s.Path.Value).OrderBy(static p => Path.GetFileName(p).Split('_')[2], StringComparer.Ordinal),
        ];
        for (int i = 0; i < paths.Length; i++)
        {
            File.Copy(
                Path.Combine(place.Path, paths[i]), Path.Combine(folder, name, string.Create(CultureInfo.InvariantCulture, $"part-{i:d4}.parquet")),
                overwrite: true);
        }
    }

    private static async Task RunAsync(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{program} did not start.");
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }

    /// <summary>One subtask's rows, which begin again when they are over, and what it has learnt about their columns.</summary>
    private sealed class Rows(HudiTable table, List<RecordBatch> batches, int subtask)
    {
        private readonly ColumnWriterState _learnt = new();
        private readonly byte[] _prefix = System.Text.Encoding.UTF8.GetBytes($"trips-{subtask}-");
        private int _batch;
        private long _offset = 1_000_000_000;

        internal async Task<StagedFile> WriteAsync(int rows, long checkpoint)
        {
            using var writer = new BaseFileWriter(
                table, "", HudiTable.StagingFolder("trips", "worker-0", "a", checkpoint), new BaseFileOptions { EventTimeColumn = "event_time" }, _learnt);
            while (writer.RowCount < rows)
            {
                RecordBatch batch = batches[_batch++ % batches.Count];
                using var offsets = new ColumnBuilder(TypeKind.Long);
                for (int i = 0; i < batch.RowCount; i++)
                {
                    offsets.Append(_offset++);
                }

                using ColumnVector vector = offsets.Finish();
                writer.Write(batch, new RowIdentity(_prefix, vector));
            }

            return await writer.CompleteAsync(CancellationToken.None);
        }
    }
}
