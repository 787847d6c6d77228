using System.Text.Json;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>Looks at the raw files of a table from outside, sharing no code with the product.</summary>
internal sealed class TableOnDisk(string table)
{
    private string Hoodie => Path.Combine(table, ".hoodie");

    /// <summary>The step that the last killed worker was in.</summary>
    public ProtocolStep LastStep() => CommitStep() ?? CheckpointStep();

    /// <summary>The step in which the newest number stands; null when it is done.</summary>
    public ProtocolStep? CommitStep()
    {
        string sequence = Path.Combine(Hoodie, ".sequence");
        long claim = NewestNumber(sequence, ".claim");
        long outcome = NewestNumber(sequence, ".outcome");
        if (claim > outcome)
        {
            return PrivateFolder(claim) is { } folder && Files(folder).Any() ? ProtocolStep.FinishingFiles : ProtocolStep.Claimed;
        }

        if (outcome > 0 && Instant(sequence, outcome) is { } instant)
        {
            if (!File.Exists(Path.Combine(Hoodie, instant + ".commit")))
            {
                return PublicFilesOf(instant) ? ProtocolStep.PublishingFiles
                    : File.Exists(Path.Combine(Hoodie, instant + ".commit.requested")) ? ProtocolStep.InstantRequested
                    : ProtocolStep.OutcomeCommitted;
            }

            if (PrivateFolder(outcome) is { } left && Files(left).Any())
            {
                return ProtocolStep.InstantCompleted;
            }
        }

        return null;
    }

    /// <summary>When the newest data file was staged that still is; null when there is none.</summary>
    public DateTime? NewestStaged()
    {
        string temp = Path.Combine(Hoodie, ".temp");
        return !Directory.Exists(temp) ? null : Directory.GetDirectories(temp).SelectMany(Files)
            .Select(static file => (DateTime?)File.GetLastWriteTimeUtc(file)).Max();
    }

    /// <summary>Instants with a completed commit.</summary>
    public int CommitCount() => Directory.Exists(Hoodie) ? Directory.GetFiles(Hoodie, "*.commit").Length : 0;

    private ProtocolStep CheckpointStep()
    {
        string temp = Path.Combine(Hoodie, ".temp");
        bool staged = Directory.Exists(temp) && Directory.GetDirectories(temp).Any(d => Files(d).Any());
        if (!staged)
        {
            return ProtocolStep.Reading;
        }

        // The newest completed checkpoint is uncommitted when its staged files are still there.
        string checkpoints = Path.Combine(Hoodie, ".checkpoints");
        DateTime newestMetadata = Directory.Exists(checkpoints)
            ? Directory.GetFiles(checkpoints, "_metadata", SearchOption.AllDirectories).Select(File.GetLastWriteTimeUtc).DefaultIfEmpty().Max()
            : default;
        DateTime newestStaged = Directory.GetDirectories(temp).SelectMany(Files).Select(File.GetLastWriteTimeUtc).Max();
        return newestMetadata >= newestStaged ? ProtocolStep.CheckpointCompleted : ProtocolStep.StagingFiles;
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "*.parquet", SearchOption.AllDirectories) : [];

    private bool PublicFilesOf(string instant) => Directory.EnumerateFiles(table, $"*_{instant}.parquet", SearchOption.AllDirectories)
        .Any(f => !f.Contains("/.hoodie/", StringComparison.Ordinal));

    private string? PrivateFolder(long number)
    {
        string temp = Path.Combine(Hoodie, ".temp");
        return !Directory.Exists(temp) ? null : Directory.GetDirectories(temp)
            .FirstOrDefault(d => Path.GetFileName(d).Split('-') is [var n, _] && long.TryParse(n, out long parsed) && parsed == number);
    }

    private static long NewestNumber(string folder, string ending) => !Directory.Exists(folder) ? 0 : Directory
        .GetFiles(folder, "*" + ending, SearchOption.AllDirectories).Select(f => long.Parse(Path.GetFileNameWithoutExtension(f))).DefaultIfEmpty().Max();

    /// <summary>The instant that an outcome committed, or null when it aborted.</summary>
    private static string? Instant(string sequence, long number)
    {
        string file = Directory.GetFiles(sequence, "*.outcome", SearchOption.AllDirectories)
            .First(f => long.Parse(Path.GetFileNameWithoutExtension(f)) == number);
        using JsonDocument outcome = JsonDocument.Parse(File.ReadAllBytes(file));
        return outcome.RootElement.GetProperty("outcome").GetString() == "committed"
            ? outcome.RootElement.GetProperty("instant").GetString()
            : null;
    }
}
