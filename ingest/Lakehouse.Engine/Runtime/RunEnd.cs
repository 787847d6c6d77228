namespace Lakehouse.Engine;

/// <summary>How a start ended. A closed hierarchy.</summary>
internal abstract record RunEnd
{
    private RunEnd()
    {
    }

    /// <summary>The input has ended, or the job was stopped: everything read is committed.</summary>
    internal sealed record Finished : RunEnd
    {
        internal static readonly Finished Instance = new();
    }

    /// <summary>The job was stopped before it read anything.</summary>
    internal sealed record NotBegun : RunEnd
    {
        internal static readonly NotBegun Instance = new();
    }

    /// <summary>The checkpoint can never be committed.</summary>
    internal sealed record Conflicted(CheckpointId Checkpoint) : RunEnd;

    /// <summary>Something threw.</summary>
    internal sealed record Failed(Exception Failure) : RunEnd;
}
