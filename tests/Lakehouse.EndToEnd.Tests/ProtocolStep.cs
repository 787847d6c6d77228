namespace Lakehouse.EndToEnd.Tests;

/// <summary>Where in checkpoint and commit a worker was when it died, as the files it left behind tell. In the order of the protocol.</summary>
public enum ProtocolStep
{
    /// <summary>Reading and encoding: nothing of an uncommitted checkpoint is on disk.</summary>
    Reading,

    /// <summary>Data files are being staged, the checkpoint's metadata is not there yet.</summary>
    StagingFiles,

    /// <summary>The checkpoint is complete, nothing is claimed.</summary>
    CheckpointCompleted,

    /// <summary>A number is claimed, no file is finished.</summary>
    Claimed,

    /// <summary>A number is claimed, files are being finished in the claim's private folder.</summary>
    FinishingFiles,

    /// <summary>The outcome says committed, nothing is published.</summary>
    OutcomeCommitted,

    /// <summary>The instant is requested, no file is public.</summary>
    InstantRequested,

    /// <summary>Some files are public, the instant is not complete.</summary>
    PublishingFiles,

    /// <summary>The instant is complete, the private folder still stands.</summary>
    InstantCompleted,
}
