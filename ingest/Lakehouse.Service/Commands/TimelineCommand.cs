using System.CommandLine;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary><c>timeline TABLE</c>: what happened to a table, instant by instant, and what is under way.</summary>
internal static class TimelineCommand
{
    private const int RangesShownMax = 4;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };
        var limit = new Option<int>("--limit")
        {
            Description = "Show only the newest instants; 0 shows all.",
            DefaultValueFactory = _ => 50,
        };
        return new Command("timeline", "Shows a table's instants with checkpoint, ranges, counts and files, and what is pending.")
        {
            location,
            limit,
        }.Does((parsed, terminal, cancellation) =>
            RunAsync(parsed.GetRequiredValue(location), parsed.GetValue(limit), terminal, cancellation));
    }

    private static async Task<int> RunAsync(string location, int limit, Terminal terminal, CancellationToken cancellation)
    {
        HudiTable table = await Tables.OpenAsync(location, cancellation);
        TableSnapshot snapshot = await table.SnapshotAsync(atInstant: null, cancellation);
        SequenceStatus sequence = await SequenceReader.ReadAsync(table, cancellation);
        IReadOnlyList<CompletedInstant> shown = limit > 0 ? [.. snapshot.Timeline.TakeLast(limit)] : snapshot.Timeline;
        List<SequenceNumber> open = [.. sequence.Numbers.Where(n => n.State != SequenceState.Published)];
        List<SequenceNumber> services = [.. sequence.Numbers.Where(n => n.IsService && n.State == SequenceState.Published)];
        terminal.Json(new
        {
            Table = table.Store.Root,
            table.Config.Name,
            InstantCount = snapshot.Timeline.Length,
            Instants = shown.Select(AsJson),
            Unfinished = open,
            Services = services,
            SequenceFloor = sequence.Floor,
        });
        if (terminal.IsJson)
        {
            return ExitCode.Success;
        }

        var rows = new TextTable(
            "Instant", "Action", "Checkpoint", "Ranges", ">Read", ">Written", ">Filtered", ">Routed", ">Dead letters", ">Files", ">Bytes");
        foreach (CompletedInstant instant in shown)
        {
            rows.Add(AsRow(instant));
        }

        terminal.Heading($"{table.Config.Name} in {table.Store.Root}");
        terminal.Table(rows);
        if (shown.Count < snapshot.Timeline.Length)
        {
            terminal.Line($"{snapshot.Timeline.Length - shown.Count} older instants are not shown; --limit 0 shows all.");
        }

        foreach (SequenceNumber number in services)
        {
            terminal.Line($"Number {number.Number}: {number.Action} at {number.Instant}.");
        }

        foreach (SequenceNumber number in open)
        {
            terminal.Line(Sentence(number));
        }

        return ExitCode.Success;
    }

    private static object AsJson(CompletedInstant instant) => new
    {
        instant.Time,
        instant.Action,
        instant.Metadata.OperationType,
        instant.Metadata.Checkpoint,
        instant.Metadata.Ranges,
        instant.Metadata.Replayed,
        Files = instant.Metadata.WriteStats.Select(s => new { s.Path, s.RowCount, s.ByteCount }),
        RowCount = instant.Metadata.WriteStats.Sum(s => s.RowCount),
        ByteCount = instant.Metadata.WriteStats.Sum(s => s.ByteCount),
    };

    private static string[] AsRow(CompletedInstant instant)
    {
        CommitMetadata commit = instant.Metadata;
        CheckpointReference? checkpoint = commit.Checkpoint;
        IEnumerable<string> ranges = commit.Ranges.Where(r => r.End > r.Start).Select(r =>
            FormattableString.Invariant($"{r.Key.Topic}-{r.Key.Partition} {r.Start}..{r.End - 1}"));
        List<string> all = [.. ranges];
        string text = !commit.Replayed.IsEmpty ? $"{Sizes.Count(commit.Replayed.Sum(r => r.Total))} dead letters replayed"
            : commit.IsMerge ? $"{Sizes.Count(commit.ReplacedGroups.Count())} files merged"
            : string.Join(", ", all.Take(RangesShownMax));
        return
        [
            instant.Time,
            instant.Action,
            checkpoint is null ? "" : FormattableString.Invariant($"{checkpoint.Pipeline}/{checkpoint.Worker} {checkpoint.Id}"),
            all.Count > RangesShownMax ? $"{text}, and {all.Count - RangesShownMax} more" : text,
            Sizes.Count(commit.Ranges.Sum(r => r.Read)),
            Sizes.Count(commit.WriteStats.Sum(s => s.RowCount)),
            Sizes.Count(commit.Ranges.Sum(r => r.Filtered)),
            Sizes.Count(commit.Ranges.Sum(r => r.Routed)),
            Sizes.Count(commit.Ranges.Sum(r => r.DeadLettered)),
            Sizes.Count(commit.WriteStats.Count()),
            Sizes.Bytes(commit.WriteStats.Sum(s => s.ByteCount)),
        ];
    }

    private static string Sentence(SequenceNumber number) => number.State switch
    {
        SequenceState.Pending => $"Number {number.Number} ({number.Action} {number.Instant}) is claimed by worker {number.Worker}, "
            + "not decided; if that worker is dead, the next one to start aborts it.",
        SequenceState.Unpublished => $"Number {number.Number} ({number.Action} {number.Instant}) is committed and not yet published; "
            + "the next worker to start publishes it.",
        _ => $"Number {number.Number} ({number.Action} {number.Instant}) of worker {number.Worker} was aborted.",
    };
}
