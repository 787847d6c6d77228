using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>
/// What a subtask does to its messages, without Kafka and without the engine's queues: the steps of config/pipelines/trips.yaml from
/// message bytes to a staged data file with meta columns, on disk and synced. A round is one checkpoint of all rows.
/// </summary>
internal static class IngestBenchmark
{
    private const int RoundCount = 3;
    private const int BatchRowCount = 4096;
    private static readonly TopicPartition Partition = new("trips", 0);

    internal static async Task<Report> RunAsync(Arguments arguments, NdjsonFile file)
    {
        var report = new Report("Messages to a staged data file, without Kafka", arguments, file);

        // < On a thread of its own as in production: pooled buffers come back to the thread that uses them again.
        await new ThreadScheduler().RunAsync("subtask-0", () => MeasureAsync(report, arguments, file));
        return report;
    }

    private static async Task MeasureAsync(Report report, Arguments arguments, NdjsonFile file)
    {
        PipelineDefinition pipeline = PipelineDefinition.Load(
            Path.Combine(Surroundings.RepositoryRoot, "config", "pipelines", "trips.yaml"), static _ => null);
        using var folder = new TemporaryFolder();
        HudiTable table = await HudiTable.CreateAsync(
            new LocalObjectStore(folder.Path), PipelineTables.Rows(pipeline), TimeProvider.System, new Random(1), CancellationToken.None);
        await using var path = new IngestPath(pipeline, table);
        await RoundAsync(path, file, BatchRowCount);
        path.TakeStageSeconds();
        var pairs = new List<(double[] Stages, double Yardstick)>();
        for (int pair = 0; pair < arguments.PairCount; pair++)
        {
            ILookup<string, YardstickRound>? yardstick = Yardstick.Bench(arguments);
            var rounds = new List<double[]>();
            for (int i = 0; i < RoundCount; i++)
            {
                await RoundAsync(path, file, BatchRowCount);
                rounds.Add(path.TakeStageSeconds());
            }

            double[] stages = [.. rounds[0].Select((_, stage) => Measurement.Median(rounds.Select(r => r[stage])))];
            pairs.Add((stages, yardstick is null ? 0 : YardstickSeconds(yardstick)));
        }

        AddStages(report, path, pairs, file.RowCount);
        report.AddTable(
            "Managed bytes allocated by a round",
            ["", "batches", "bytes a batch", "bytes a record"],
            await AllocationsAsync(path, file));
    }

    private static double YardstickSeconds(ILookup<string, YardstickRound> rounds) =>
        Measurement.Median(rounds["decode batch=8192"].Select(r => r.CpuSeconds))
        + Measurement.Median(rounds["encode codec=zstd"].Select(r => r.CpuSeconds));

    private static void AddStages(Report report, IngestPath path, List<(double[] Stages, double Yardstick)> pairs, int rowCount)
    {
        double total = Measurement.Median(pairs.Select(p => p.Stages.Sum()));
        var rows = path.StageNames
            .Select((name, i) => (Name: name, Seconds: Measurement.Median(pairs.Select(p => p.Stages[i]))))
            .Append(("all", total))
            .Select(s => (string[])[s.Item1, $"{s.Item2 * 1e9 / rowCount:F0}", $"{s.Item2 / total:P0}"]);
        report.AddTable("One thread", ["stage", "CPU ns/row", "share"], rows);
        if (pairs.All(p => p.Yardstick > 0))
        {
            double yardstick = Measurement.Median(pairs.Select(p => p.Yardstick));
            double ratio = Measurement.Median(pairs.Select(p => p.Yardstick / p.Stages.Sum()));
            report.AddText(
                $"The yardstick decodes and encodes the same records, without meta columns and into memory, in "
                + $"{yardstick * 1e9 / rowCount:F0} ns/row; ours is faster by **{ratio:F2}**.");
        }
    }

    private static async Task<IEnumerable<string[]>> AllocationsAsync(IngestPath path, NdjsonFile file)
    {
        var rows = new List<string[]>();
        var counts = new List<(long Bytes, int Batches)>();
        foreach (int batchRowCount in (int[])[BatchRowCount, 4 * BatchRowCount])
        {
            await RoundAsync(path, file, batchRowCount);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await RoundAsync(path, file, batchRowCount);
            long bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
            rows.Add(Allocations.Row(batchRowCount, file.RowCount, bytes));
            counts.Add((bytes, (file.RowCount + batchRowCount - 1) / batchRowCount));
        }

        double perBatch = (double)(counts[0].Bytes - counts[1].Bytes) / (counts[0].Batches - counts[1].Batches);
        rows.Add(["one batch more, same records", "1", $"{perBatch:F0}", "0"]);
        return rows;
    }

    private static async Task RoundAsync(IngestPath path, NdjsonFile file, int batchRowCount)
    {
        for (int from = 0; from < file.RowCount; from += batchRowCount)
        {
            // < Offsets start high, as those of a topic that has been in use do.
            using var messages = new RawBatch(Partition, batchRowCount, batchRowCount * 300);
            for (int row = from; row < Math.Min(from + batchRowCount, file.RowCount); row++)
            {
                messages.Add(1_000_000_000L + row, 0, default, true, file[row], false);
            }

            await path.WriteAsync(messages);
        }

        await path.CheckpointAsync();
    }
}
