namespace Lakehouse.Engine;

/// <summary>A job ended without having reached its end. The message says why and what to do.</summary>
public sealed class JobException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True when the job may be started again without a change of anything.</summary>
    public bool IsTransient { get; init; }

    /// <summary>True when something of this process hangs, so that only a new process can start again.</summary>
    public bool NeedsNewProcess { get; init; }
}
