using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Lakehouse.Testing;

/// <summary>
/// The built program as a user runs it, a process of its own. Test projects that refer to the service find it beside their own binary.
/// Disposing it kills it.
/// </summary>
public sealed class LakehouseProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Dictionary<string, string> NoVariables = [];
    private readonly Process _process;
    private readonly Listener _output = new();
    private readonly Listener _error = new();

    private LakehouseProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += _output.Hear;
        process.ErrorDataReceived += _error.Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Whether it has ended, by itself or killed.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>All that it wrote so far, with its exit code if it has ended: what a failing test shows.</summary>
    public string Said => $"{(HasExited ? $"exit code {_process.ExitCode}\n" : "")}{_error}{_output}";

    /// <summary>Starts <c>lakehouse</c> with arguments in a working folder.</summary>
    public static LakehouseProcess Start(string folder, params string[] arguments) => Start(folder, NoVariables, arguments);

    /// <summary>The same with variables such as those of S3 in its environment.</summary>
    public static LakehouseProcess Start(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "lakehouse"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["DOTNET_gcServer"] = "0";

        // Hundreds of short runs: a second compilation with profiles does not pay.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new LakehouseProcess(Process.Start(start) ?? throw new InvalidOperationException("The program did not start."));
    }

    /// <summary>Runs a command to its end; throws <see cref="TimeoutException"/> after two minutes, or <paramref name="atMost"/>.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(TimeSpan atMost, string folder, params string[] arguments) =>
        RunAsync(atMost, folder, NoVariables, arguments);

    /// <inheritdoc cref="RunAsync(TimeSpan, string, string[])"/>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        TimeSpan atMost, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using LakehouseProcess process = Start(folder, environment, arguments);
        return await process.EndAsync(atMost);
    }

    /// <inheritdoc cref="RunAsync(TimeSpan, string, string[])"/>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(string folder, params string[] arguments) =>
        RunAsync(Patience, folder, arguments);

    /// <summary>Waits until it has ended; throws <see cref="TimeoutException"/> with what it said when it does not.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync(TimeSpan? atMost = null)
    {
        using var patience = new CancellationTokenSource(atMost ?? Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"lakehouse {string.Join(' ', _process.StartInfo.ArgumentList)} did not end in time:\n{Said}");
        }

        return (_process.ExitCode, _output.ToString(), _error.ToString());
    }

    /// <summary>The exit code of one that has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Asks the program to end, as systemd and Kubernetes do (SIGTERM).</summary>
    public void Terminate() => Signal("TERM");

    /// <summary>Stops it where it stands, as a machine that hangs (SIGSTOP).</summary>
    public void Pause() => Signal("STOP");

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Continue() => Signal("CONT");

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private void Signal(string name)
    {
        using Process kill = Process.Start("kill", ["-" + name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private sealed class Listener
    {
        private readonly StringBuilder _text = new();

        internal void Hear(object sender, DataReceivedEventArgs line)
        {
            lock (_text)
            {
                _text.Append(line.Data).Append(line.Data is null ? "" : "\n");
            }
        }

        public override string ToString()
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }
}
