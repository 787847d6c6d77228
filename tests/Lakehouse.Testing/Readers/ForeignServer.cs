using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>
/// A reader's process that answers one request after another, because starting it takes longer than answering: a line of JSON in, a line
/// of JSON out. It is started when it is first asked, and ends with the test process, whose end closes its input. Thread safe.
/// </summary>
internal sealed class ForeignServer(Func<ProcessStartInfo> start)
{
    private readonly SemaphoreSlim _turn = new(1);
    private Process? _process;

    /// <summary>The answer's members: <c>exitCode</c>, <c>output</c>, <c>errors</c>.</summary>
    internal async Task<ForeignResult> AskAsync(object request, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            _process ??= Start();
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request).AsMemory(), cancellation);
            await _process.StandardInput.FlushAsync(cancellation);
            string? line = await _process.StandardOutput.ReadLineAsync(cancellation);
            Assert.True(line is not null, $"{_process.StartInfo.FileName} ended without an answer; see its standard error");
            using JsonDocument answer = JsonDocument.Parse(line);
            return new ForeignResult(
                _process.StartInfo.FileName,
                answer.RootElement.GetProperty("exitCode").GetInt32(),
                answer.RootElement.GetProperty("output").GetString() ?? "",
                answer.RootElement.GetProperty("errors").GetString() ?? "");
        }
        catch
        {
            // An answer that nobody waits for must not become that of the next request.
            Stop();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private Process Start()
    {
        ProcessStartInfo command = start();
        command.RedirectStandardInput = true;
        command.RedirectStandardOutput = true;
        return Process.Start(command) ?? throw new InvalidOperationException($"{command.FileName} did not start.");
    }

    private void Stop()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
        }

        _process?.Dispose();
        _process = null;
    }
}
