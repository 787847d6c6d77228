using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Lakehouse.Hudi;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary><c>table TABLE</c>: how large its files and row groups are, and what too many small ones cost.</summary>
internal static class TableCommand
{
    private const int PartitionsShownMax = 20;
    private const int TargetMebibytesMax = 1 << 20;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };
        var target = new Option<int>("--target-mib")
        {
            Description = "The size in MiB that files should have; those below three quarters of it are small.",
            DefaultValueFactory = _ => 128,
        };
        target.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int target) && target is < 1 or > TargetMebibytesMax)
            {
                result.AddError($"--target-mib must be from 1 to {TargetMebibytesMax}.");
            }
        });
        return new Command("table",
            "Shows the sizes of a table's files and row groups, how many of them merging small files would save, and how old its files are.")
        {
            location,
            target,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            HudiTable table = await Tables.OpenAsync(parsed.GetRequiredValue(location), cancellation);
            TableShape shape = await MeasureAsync(table, (long)parsed.GetValue(target) << 20, cancellation);
            Show(table, shape, parsed.GetValue(target), terminal);
            return ExitCode.Success;
        });
    }

    private static async Task<TableShape> MeasureAsync(HudiTable table, long targetBytes, CancellationToken cancellation)
    {
        TableSnapshot snapshot = await table.SnapshotAsync(atInstant: null, cancellation);
        var files = new List<(FileSlice, ImmutableArray<long>)>();
        await foreach ((FileSlice file, Task<ParquetFileReader> opening) in table.OpenAheadAsync(snapshot.FileSlices, cancellation))
        {
            ParquetFileReader reader = await opening;
            files.Add((file, [.. reader.MetaData.RowGroups.Select(static g => g.TotalByteSize)]));
        }

        return TableShape.Of(files, targetBytes, new ParquetWriterOptions().RowGroupBytes);
    }

    private static void Show(HudiTable table, TableShape shape, int targetMebibytes, Terminal terminal)
    {
        TimeSpan? age = shape.OldestInstant is { } oldest && InstantTime.TryParse(oldest, out DateTimeOffset at)
            ? ProcessFacts.Time.GetUtcNow() - at
            : null;
        terminal.Json(new
        {
            Table = table.Store.Root,
            table.Config.Name,
            TargetByteCount = (long)targetMebibytes << 20,
            shape.Files,
            shape.RowGroups,
            SmallFileDebt = new { FileCount = shape.Debt, RowGroupCount = shape.RowGroupDebt, ByteCount = shape.DebtBytes },
            shape.OldestInstant,
            OldestAgeSeconds = age?.TotalSeconds,
            shape.Partitions,
        });
        if (terminal.IsJson)
        {
            return;
        }

        terminal.Heading($"{table.Config.Name} in {table.Store.Root}");
        terminal.Table(Sums(shape));
        terminal.Table(Classes(shape));
        if (shape.Partitions.Any(static p => p.Path.Length > 0))
        {
            ShowPartitions(shape, terminal);
        }

        if (age is { } old)
        {
            terminal.Line($"The oldest file is of {shape.OldestInstant}, {Age(old)} ago.");
        }

        terminal.Good(shape.Debt == 0
            ? $"No merge of small files into ones of {targetMebibytes} MiB would save a file."
            : $"Merging small files into ones of {targetMebibytes} MiB would leave {Sizes.Count(shape.Files.Count - shape.Debt)} of "
                + $"{Sizes.Count(shape.Files.Count)} files and {Sizes.Count(shape.RowGroups.Count - shape.RowGroupDebt)} of "
                + $"{Sizes.Count(shape.RowGroups.Count)} row groups; it reads and writes {Sizes.Bytes(shape.DebtBytes)}.");
    }

    private static TextTable Sums(TableShape shape)
    {
        var sums = new TextTable("", ">Count", ">Bytes", ">Smallest", ">Median", ">90 %", ">Largest");
        foreach ((string name, SizeDistribution sizes) in new[] { ("Files", shape.Files), ("Row groups", shape.RowGroups) })
        {
            sums.Add(name, Sizes.Count(sizes.Count), Sizes.Bytes(sizes.Sum), Sizes.Bytes(sizes.Min), Sizes.Bytes(sizes.Median),
                Sizes.Bytes(sizes.Percentile90), Sizes.Bytes(sizes.Max));
        }

        return sums;
    }

    private static TextTable Classes(TableShape shape)
    {
        var classes = new TextTable(">Size below", ">Files", ">Row groups");
        ILookup<long, int> files = shape.Files.Classes.ToLookup(static c => c.Below, static c => c.Count);
        ILookup<long, int> groups = shape.RowGroups.Classes.ToLookup(static c => c.Below, static c => c.Count);
        foreach (long below in files.Concat(groups).Select(static c => c.Key).Distinct().Order())
        {
            classes.Add(Sizes.Bytes(below), Sizes.Count(files[below].Sum()), Sizes.Count(groups[below].Sum()));
        }

        return classes;
    }

    private static void ShowPartitions(TableShape shape, Terminal terminal)
    {
        var partitions = new TextTable("Table partition", ">Files", ">Small", ">Saved by merging", ">Bytes", "Oldest file");
        foreach (PartitionShape partition in shape.Partitions.Take(PartitionsShownMax))
        {
            partitions.Add(
                partition.Path, Sizes.Count(partition.FileCount), Sizes.Count(partition.SmallCount), Sizes.Count(partition.Debt),
                Sizes.Bytes(partition.ByteCount), partition.OldestInstant);
        }

        terminal.Table(partitions);
        if (shape.Partitions.Length > PartitionsShownMax)
        {
            terminal.Line(string.Create(
                CultureInfo.InvariantCulture, $"and {shape.Partitions.Length - PartitionsShownMax} more; --json lists all."));
        }
    }

    private static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays:F0} days"),
        { TotalHours: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:F0} hours"),
        { TotalMinutes: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:F0} minutes"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(age.TotalSeconds, 0):F0} seconds"),
    };
}
