namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// Waits for the moment at which a step of the protocol begins, by the file whose appearance begins it. Random kills land in the
/// long steps; this is how the short ones are hit.
/// </summary>
internal static class StepWatcher
{
    /// <summary>Runs <paramref name="then"/> as soon as the step begins; false when it did not begin in time.</summary>
    public static bool OnStep(string table, ProtocolStep step, TimeSpan within, Action then)
    {
        using var watcher = new FileSystemWatcher(table) { IncludeSubdirectories = true, InternalBufferSize = 65_536 };
        using var begun = new ManualResetEventSlim();
        watcher.Created += (_, file) => Look(file.Name);
        watcher.Renamed += (_, file) => Look(file.Name);
        watcher.EnableRaisingEvents = true;
        if (!begun.Wait(within))
        {
            return false;
        }

        then();
        return true;

        void Look(string? path)
        {
            if (path is not null && Begins(path.Replace('\\', '/')) == step)
            {
                begun.Set();
            }
        }
    }

    /// <summary>The step that the appearance of a file begins, by its path in the table.</summary>
    public static ProtocolStep? Begins(string path) => path switch
    {
        _ when path.EndsWith("/_metadata", StringComparison.Ordinal) => ProtocolStep.CheckpointCompleted,
        _ when path.EndsWith(".claim", StringComparison.Ordinal) => ProtocolStep.Claimed,
        _ when path.EndsWith(".outcome", StringComparison.Ordinal) => ProtocolStep.OutcomeCommitted,
        _ when path.EndsWith(".commit.requested", StringComparison.Ordinal) => ProtocolStep.InstantRequested,
        _ when path.EndsWith(".commit", StringComparison.Ordinal) => ProtocolStep.InstantCompleted,
        _ when !path.StartsWith(".hoodie/", StringComparison.Ordinal) && path.EndsWith(".parquet", StringComparison.Ordinal)
            => ProtocolStep.PublishingFiles,
        _ when path.StartsWith(".hoodie/.temp/", StringComparison.Ordinal) && path.EndsWith(".parquet", StringComparison.Ordinal)
            => path.Split('/')[2].Split('-').Length == 2 ? ProtocolStep.FinishingFiles : ProtocolStep.StagingFiles,
        _ => null,
    };
}
