using System.Diagnostics;
using System.Globalization;

namespace Lakehouse.Tests.Service;

/// <summary>The built program as a user runs it.</summary>
internal sealed class LakehouseProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private LakehouseProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    internal static LakehouseProcess Start(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "lakehouse"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["DOTNET_gcServer"] = "0";
        return new LakehouseProcess(Process.Start(start) ?? throw new InvalidOperationException("The program did not start."));
    }

    /// <summary>Runs a command to its end.</summary>
    internal static async Task<(int ExitCode, string Output, string Error)> RunAsync(string folder, params string[] arguments)
    {
        using LakehouseProcess process = Start(folder, arguments);
        return await process.EndAsync();
    }

    internal async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, await _output, await _error);
    }

    /// <summary>Asks the program to end, as systemd and Kubernetes do.</summary>
    internal void Terminate()
    {
        using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
