namespace Lakehouse.Tests.Protocol;

/// <summary>What has happened in seeds.</summary>
internal sealed record ProtocolTally
{
    public long Lives { get; set; }

    public long Commits { get; set; }

    public long Conflicts { get; set; }

    public long Aborts { get; set; }

    public long Prunings { get; set; }

    public long Cleans { get; set; }

    public long Savepoints { get; set; }

    public long Releases { get; set; }

    public long Restores { get; set; }

    public long Erasures { get; set; }

    public long Merges { get; set; }

    public long FilesMerged { get; set; }

    /// <summary>Merged files that did not fit any more when they were to be committed.</summary>
    public long MergesDropped { get; set; }

    /// <summary>Services that could not be done, such as going back before the first instant.</summary>
    public long Refusals { get; set; }

    public long Readings { get; set; }

    /// <summary>Readings of which a clean or a restore took files away.</summary>
    public long ReadingsLost { get; set; }

    /// <summary>Processes that slept while somebody aborted their claim, and woke.</summary>
    public long WokenAfterAbort { get; set; }

    public long WokenAfterPruning { get; set; }

    public long WokenAfterClean { get; set; }

    public long WokenAfterRestore { get; set; }

    internal void Add(ProtocolTally other)
    {
        Lives += other.Lives;
        Commits += other.Commits;
        Conflicts += other.Conflicts;
        Aborts += other.Aborts;
        Prunings += other.Prunings;
        Cleans += other.Cleans;
        Savepoints += other.Savepoints;
        Releases += other.Releases;
        Restores += other.Restores;
        Erasures += other.Erasures;
        Merges += other.Merges;
        FilesMerged += other.FilesMerged;
        MergesDropped += other.MergesDropped;
        Refusals += other.Refusals;
        Readings += other.Readings;
        ReadingsLost += other.ReadingsLost;
        WokenAfterAbort += other.WokenAfterAbort;
        WokenAfterPruning += other.WokenAfterPruning;
        WokenAfterClean += other.WokenAfterClean;
        WokenAfterRestore += other.WokenAfterRestore;
    }
}
