using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>Runs a program of somebody else's to its end.</summary>
internal static class ForeignProcess
{
    /// <summary>Runs it and waits. A program that cannot be started is one that failed.</summary>
    internal static async Task<ForeignResult> RunAsync(ProcessStartInfo start, CancellationToken cancellation)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process? process = Start(start, out string reason);
        if (process is null)
        {
            return new ForeignResult(start.FileName, -1, "", reason);
        }

        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return new ForeignResult(start.FileName, process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Whether a program can be found.</summary>
    internal static bool Exists(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static Process? Start(ProcessStartInfo start, out string reason)
    {
        reason = $"{start.FileName} did not start";
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception e)
        {
            reason = $"{start.FileName} did not start: {e.Message}";
            return null;
        }
    }
}

/// <summary>What became of a program.</summary>
internal sealed record ForeignResult(string Program, int ExitCode, string Output, string Errors)
{
    /// <summary>What it printed, if it ended with 0 or one of <paramref name="accepted"/>; fails the test otherwise.</summary>
    internal string OutputOf(params int[] accepted)
    {
        Assert.True(
            ExitCode == 0 || accepted.Contains(ExitCode),
            $"{Path.GetFileName(Program)} ended with {ExitCode}: {Errors}\n{Output[..Math.Min(Output.Length, 4_000)]}");
        return Output;
    }
}
