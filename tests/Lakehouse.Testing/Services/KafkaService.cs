using System.Diagnostics;
using System.Globalization;
using Lakehouse.Kafka;

namespace Lakehouse.Testing;

/// <summary>A real Apache Kafka on free ports with its data in a folder of its own. Disposing it ends every broker.</summary>
public sealed class KafkaService : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _script;

    private KafkaService(string script) => _script = script;

    /// <summary>What clients connect to.</summary>
    public string BootstrapServers { get; private set; } = "";

    /// <summary>What clients connect to behind each proxy of <see cref="StartBehind"/>.</summary>
    public IReadOnlyList<string> Doors { get; private init; } = [];

    /// <summary>True when the scripts that start Kafka are beside the repository.</summary>
    public static bool IsAvailable => Surroundings.Shared("services", "kafka.sh") is not null;

    /// <summary>
    /// One broker with several listeners, each advertised at a proxy of its own: a client that comes through one stays behind it, so that
    /// it can be cut off while the others go on.
    /// </summary>
    /// <param name="proxies">Starts a proxy in front of each of these ports and returns theirs.</param>
    /// <param name="count">How many.</param>
    public static KafkaService? StartBehind(Func<int, int> proxies, int count)
    {
        ArgumentNullException.ThrowIfNull(proxies);
        if (Surroundings.Shared("services", "kafka.sh") is not { } script)
        {
            return null;
        }

        int port = FreePorts.First([.. Enumerable.Range(0, count + 2)]);
        (int Inside, int Outside)[] doors = [.. Enumerable.Range(port + 2, count).Select(inside => (inside, proxies(inside)))];
        string Listeners(Func<(int Inside, int Outside), int> which) =>
            string.Concat(doors.Select((d, i) => FormattableString.Invariant($",DOOR{i}://127.0.0.1:{which(d)}")));
        var service = new KafkaService(script) { Doors = [.. doors.Select(d => FormattableString.Invariant($"127.0.0.1:{d.Outside}"))] };
        File.WriteAllText(service.Extra, FormattableString.Invariant($"""
            listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}{Listeners(d => d.Inside)}
            advertised.listeners=PLAINTEXT://127.0.0.1:{port}{Listeners(d => d.Outside)}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{string.Concat(doors.Select((_, i) => $",DOOR{i}:PLAINTEXT"))}
            group.min.session.timeout.ms=1000

            """));
        return service.Begin(port, brokers: 1);
    }

    /// <summary>Starts <paramref name="brokers"/> nodes; null when <see cref="IsAvailable"/> is false.</summary>
    public static KafkaService? Start(int brokers = 1)
    {
        if (Surroundings.Shared("services", "kafka.sh") is not { } script)
        {
            return null;
        }

        // Each node takes two ports, ten apart.
        return new KafkaService(script).Begin(
            FreePorts.First([.. Enumerable.Range(0, brokers).SelectMany(n => new[] { 10 * n, (10 * n) + 1 })]), brokers);
    }

    /// <summary>SIGKILL for one node (1, 2 ...); its data stays.</summary>
    public void Kill(int node) => Call("kill", Data, node.ToString());

    /// <summary>Starts a killed node again and waits until it answers.</summary>
    public void Boot(int node) => Call("boot", Data, node.ToString());

    /// <summary>Runs one of Kafka's own tools and returns what it printed.</summary>
    public string Tool(params string[] arguments) => Call(["tool", .. arguments]);

    /// <summary>Creates a topic, with settings such as <c>cleanup.policy=compact</c>.</summary>
    public void CreateTopic(string topic, int partitions, params string[] settings)
    {
        using var admin = new KafkaAdmin(BootstrapServers, TimeProvider.System);
        admin.CreateTopic(topic, partitions, [.. settings.Select(static s => s.Split('=', 2)).Select(static s => (s[0], s[1]))]);
    }

    /// <summary>How many records the log holds, by Kafka's own tool; only for topics without transactions and compaction.</summary>
    public long CountRecords(string topic) =>
        Tool("org.apache.kafka.tools.GetOffsetShell", "--bootstrap-server", BootstrapServers, "--topic", topic)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Sum(line => long.Parse(line.Split(':')[2], CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public void Dispose()
    {
        Call("stop", Data);
        _folder.Dispose();
    }

    private string Data => _folder["kafka"];

    private string Extra => _folder["extra.properties"];

    private KafkaService Begin(int port, int brokers)
    {
        try
        {
            // < Looked at every 15 seconds by default, which is what a test of a compacted log would wait for.
            File.AppendAllText(Extra, "log.cleaner.backoff.ms=500\n");
            BootstrapServers = Call("start", Data, port.ToString(), brokers.ToString()).Trim();
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private string Call(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [_script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1"; // Its tools run for a second; the broker has an option of its own.
        if (File.Exists(Extra))
        {
            start.Environment["KAFKA_EXTRA"] = Extra;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException("bash did not start.");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"kafka.sh {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
    }
}
