using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;

namespace Lakehouse.Testing;

/// <summary>
/// A real Toxiproxy in front of one address: what goes through it can be slowed, throttled, reset and cut. Disposing it ends it.
/// </summary>
public sealed class ToxiproxyService : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _api = new();
    private readonly string _script;
    private readonly string _proxy;
    private int _toxics;

    private ToxiproxyService(string script, Uri upstream)
    {
        _script = script;
        int port = FreePorts.First(0, 1);
        _proxy = FormattableString.Invariant($"p{port + 1}");
        Endpoint = new Uri(FormattableString.Invariant($"http://127.0.0.1:{port + 1}"));
        string pair = FormattableString.Invariant($"{port + 1}={upstream.Port}");
        _api.BaseAddress = new Uri(Call("start", Data, port.ToString(CultureInfo.InvariantCulture), pair).Trim() + "/");
    }

    /// <summary>True when the script that starts it is beside the repository.</summary>
    public static bool IsAvailable => Surroundings.Shared("services", "toxiproxy.sh") is not null;

    /// <summary>What clients connect to instead of the upstream.</summary>
    public Uri Endpoint { get; }

    /// <summary>Starts one in front of an address of this machine; null when <see cref="IsAvailable"/> is false.</summary>
    public static ToxiproxyService? Start(Uri upstream)
    {
        ArgumentNullException.ThrowIfNull(upstream);
        return Surroundings.Shared("services", "toxiproxy.sh") is { } script ? new ToxiproxyService(script, upstream) : null;
    }

    /// <summary>Every answer comes later by so many milliseconds, more or less by the jitter.</summary>
    public Task SlowAsync(int latencyMillis, int jitterMillis) =>
        AddAsync("latency", "downstream", 1, new { latency = latencyMillis, jitter = jitterMillis });

    /// <summary>Each connection moves at most so many KB a second, in both directions.</summary>
    public async Task ThrottleAsync(int kilobytesPerSecond)
    {
        await AddAsync("bandwidth", "upstream", 1, new { rate = kilobytesPerSecond });
        await AddAsync("bandwidth", "downstream", 1, new { rate = kilobytesPerSecond });
    }

    /// <summary>That share of the connections is reset, each after so many milliseconds.</summary>
    public Task ResetAsync(double share, int afterMillis) => AddAsync("reset_peer", "upstream", share, new { timeout = afterMillis });

    /// <summary>Refuses connections and breaks those that are open, or takes them again.</summary>
    public async Task CutAsync(bool isCut)
    {
        using HttpResponseMessage answer = await _api.PostAsJsonAsync($"proxies/{_proxy}", new { enabled = !isCut });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Takes every fault away.</summary>
    public async Task HealAsync()
    {
        using HttpResponseMessage answer = await _api.PostAsync("reset", null);
        answer.EnsureSuccessStatusCode();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Call("stop", Data);
        _api.Dispose();
        _folder.Dispose();
    }

    private string Data => _folder["toxiproxy"];

    private async Task AddAsync(string type, string stream, double toxicity, object attributes)
    {
        string name = FormattableString.Invariant($"{type}{_toxics++}");
        using HttpResponseMessage answer = await _api.PostAsJsonAsync(
            $"proxies/{_proxy}/toxics", new { name, type, stream, toxicity, attributes });
        answer.EnsureSuccessStatusCode();
    }

    private string Call(params string[] arguments)
    {
        // The proxy inherits the standard error; only the output is read to its end.
        var start = new ProcessStartInfo("bash", [_script, .. arguments]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("bash did not start.");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"toxiproxy.sh {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
