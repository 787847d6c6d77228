using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>How far an instant is.</summary>
internal enum InstantState
{
    Requested,
    Inflight,
    Completed,
}

/// <summary>
/// One file of the timeline (layout 1), directly in <c>.hoodie/</c>: <c>t.action.requested</c>, <c>t.action.inflight</c> (for commits
/// <c>t.inflight</c>), <c>t.action</c>.
/// </summary>
internal readonly record struct TimelineFile(string Instant, string Action, InstantState State)
{
    internal const string Commit = "commit";
    internal const string ReplaceCommit = "replacecommit";
    internal const string Clean = "clean";
    internal const string Savepoint = "savepoint";
    internal const string Restore = "restore";

    private static readonly string[] s_actions =
        [Commit, ReplaceCommit, "deltacommit", Clean, "rollback", Savepoint, Restore, "compaction", "logcompaction", "indexing"];

    internal static ObjectPath Folder { get; } = new(".hoodie");

    /// <summary>The file's path.</summary>
    internal ObjectPath Path => Folder / (State switch
    {
        InstantState.Requested => $"{Instant}.{Action}.requested",
        InstantState.Inflight when Action == Commit => $"{Instant}.inflight",
        InstantState.Inflight => $"{Instant}.{Action}.inflight",
        _ => $"{Instant}.{Action}",
    });

    /// <summary>Reads a file name; false for everything else that lies in <c>.hoodie/</c>.</summary>
    internal static bool TryParse(string name, out TimelineFile file)
    {
        file = default;
        string[] parts = name.Split('.');
        if (parts.Length is < 2 or > 3 || !InstantTime.TryParse(parts[0], out _))
        {
            return false;
        }

        if (parts is [_, "inflight"])
        {
            file = new TimelineFile(parts[0], Commit, InstantState.Inflight);
            return true;
        }

        InstantState? state = parts.Length == 2 ? InstantState.Completed : parts[2] switch
        {
            "requested" => InstantState.Requested,
            "inflight" => InstantState.Inflight,
            _ => null,
        };
        if (state is null || !s_actions.Contains(parts[1], StringComparer.Ordinal))
        {
            return false;
        }

        file = new TimelineFile(parts[0], parts[1], state.Value);
        return true;
    }
}
