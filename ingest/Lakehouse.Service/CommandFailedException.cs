namespace Lakehouse.Service;

/// <summary>A command cannot do what it was asked: one sentence of what, where and what to do, and the exit code that goes with it.</summary>
internal sealed class CommandFailedException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="Service.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
