namespace Lakehouse.Hudi;

/// <summary>What a clean keeps for readers that look back.</summary>
public abstract record CleanPolicy
{
    private CleanPolicy(string hudiName) => HudiName = hudiName;

    /// <summary>The policy's name in Hudi's clean instants.</summary>
    internal string HudiName { get; }

    /// <summary>The table as of each of the newest commits.</summary>
    /// <param name="Count">How many commits; at least 1.</param>
    public sealed record KeepCommits(int Count) : CleanPolicy("KEEP_LATEST_COMMITS");

    /// <summary>The table as of every commit of the last hours, and in any case of the newest.</summary>
    /// <param name="Hours">How many hours; at least 0.</param>
    public sealed record KeepHours(int Hours) : CleanPolicy("KEEP_LATEST_BY_HOURS");

    /// <summary>The newest versions of every file group that is not replaced; how far back that reaches differs by group.</summary>
    /// <param name="Count">How many versions; at least 1.</param>
    public sealed record KeepVersions(int Count) : CleanPolicy("KEEP_LATEST_FILE_VERSIONS");
}
