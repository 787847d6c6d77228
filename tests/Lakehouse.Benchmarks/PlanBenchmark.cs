using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>
/// What planning a compaction of many small files costs: listing them and deciding which become one, then opening every file and deciding how
/// each column moves. The first call makes the table.
/// </summary>
internal static class PlanBenchmark
{
    internal const string Usage = "Usage: Lakehouse.Benchmarks plan FOLDER FILES   (makes the table when the folder is new)";

    private const int CommitCount = 200;
    private const int PartitionCount = 20;
    private const int RowsPerFile = 500;
    private const int FilesPerOutput = 250;

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Length != 3 || !int.TryParse(args[2], NumberStyles.None, CultureInfo.InvariantCulture, out int fileCount) || fileCount < CommitCount)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        TimeProvider time = TimeProvider.System;
        var store = new LocalObjectStore(args[1]);
        if (await HudiTable.OpenAsync(store, time, new Random(1), CancellationToken.None) is not { } table)
        {
            await MakeAsync(store, fileCount, time);
            Console.WriteLine("The table is made; call again to measure in a fresh process.");
            return 0;
        }

        long before = Process.GetCurrentProcess().WorkingSet64;
        var clock = Stopwatch.StartNew();
        TimeSpan cpu = Cpu();
        long size = (await table.SnapshotAsync(null, CancellationToken.None)).FileSlices[0].ByteCount;
        Report("a look at the table alone, and the first", clock, cpu, before);
        var policy = new CompactionPolicy { TargetFileBytes = size * FilesPerOutput };
        clock.Restart();
        cpu = Cpu();
        CompactionPlan plan = await CompactionRun.PlanAsync(table, policy, time, CancellationToken.None);
        Report($"{plan.InputCount} files of {plan.InputBytes >> 20} MiB are planned into {plan.Groups.Length}", clock, cpu, before);
        clock.Restart();
        cpu = Cpu();
        int columns = 0;
        await foreach (GroupForecast forecast in CompactionRun.ForecastAsync(table, policy, plan, time, CancellationToken.None))
        {
            columns += forecast.Outputs.Sum(static o => o.Plan.RowGroups.Sum(static g => g.Columns.Sum(static c => c.Steps.Length)));
        }

        Report($"{columns} chunks of columns are told how they move", clock, cpu, before);
        return 0;
    }

    private static TimeSpan Cpu()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }

    private static void Report(string what, Stopwatch clock, TimeSpan cpuBefore, long before)
    {
        using var self = Process.GetCurrentProcess();
        double cpuMillis = (self.TotalProcessorTime - cpuBefore).TotalMilliseconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {clock.ElapsedMilliseconds} ms, {cpuMillis:F0} ms of CPU, ")
            + string.Create(CultureInfo.InvariantCulture, $"the process takes {self.PeakWorkingSet64 >> 20} MiB at most, {before >> 20} MiB of it before"));
    }

    private static async Task MakeAsync(IObjectStore store, int fileCount, TimeProvider time)
    {
        var random = new Random(7);
        Schema schema = TripsSchema.Schema.Append(new Field("dt", TypeKind.String));
        var config = new TableConfig { Name = "plan", Schema = schema, PartitionFields = ["dt"] };
        HudiTable table = await HudiTable.CreateAsync(store, config, time, random, CancellationToken.None);
        var committer = new TableCommitter(table, "worker-0", "a", new CommitterOptions(), time, random);
        await committer.RecoverAsync(CancellationToken.None);
        long offset = 0;
        for (int commit = 0; commit < CommitCount; commit++)
        {
            var files = ImmutableArray.CreateBuilder<StagedFile>();
            long start = offset;
            for (int file = 0; file < fileCount / CommitCount; file++, offset += RowsPerFile)
            {
                string day = FormattableString.Invariant($"2026-01-{(file % PartitionCount) + 1:d2}");
                using var writer = new BaseFileWriter(
                    table, $"dt={day}", HudiTable.StagingFolder("plan", "worker-0", "a", commit), new BaseFileOptions(), null);
                using RecordBatch batch = Rows(schema, day, offset, random);
                using var offsets = new ColumnBuilder(TypeKind.Long);
                for (int i = 0; i < RowsPerFile; i++)
                {
                    offsets.Append(offset + i);
                }

                using ColumnVector numbers = offsets.Finish();
                writer.Write(batch, new RowIdentity("plan-0-"u8.ToArray(), numbers));
                files.Add(await writer.CompleteAsync(CancellationToken.None));
            }

            long rows = offset - start;
            var range = new OffsetRange(new LedgerKey("plan", "c", "plan", 0), start, offset, 0, null, rows, rows, 0, 0, 0, null, null);
            await committer.CommitAsync(
                new Committable(files.ToImmutable(), [range], new CheckpointReference("plan", "worker-0", commit + 1, $"plan/{commit}"), 0, []),
                CancellationToken.None);
        }
    }

    private static RecordBatch Rows(Schema schema, string day, long first, Random random)
    {
        var columns = ImmutableArray.CreateBuilder<ColumnVector>();
        foreach (Field field in schema.Fields)
        {
            using var builder = new ColumnBuilder(field.Type);
            for (int i = 0; i < RowsPerFile; i++)
            {
                switch (field.Type.Kind)
                {
                    case TypeKind.Double:
                        builder.Append(random.NextDouble());
                        break;
                    case TypeKind.TimestampMillis:
                        builder.Append(1_767_225_600_000 + first + i);
                        break;
                    default:
                        builder.Append(Encoding.UTF8.GetBytes(field.Name == "dt" ? day : FormattableString.Invariant($"{field.Name}-{random.Next(200)}")));
                        break;
                }
            }

            columns.Add(builder.Finish());
        }

        return new RecordBatch(schema, columns.ToImmutable(), RowsPerFile);
    }
}
