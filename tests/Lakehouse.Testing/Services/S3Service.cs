using System.Diagnostics;
using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>
/// A real object store that speaks S3 (Ceph's gateway on a free port, its objects in memory), or the one at <c>LAKEHOUSE_TEST_S3</c> with the
/// credentials of the environment. Disposing it ends every process that it started.
/// </summary>
public sealed class S3Service : IDisposable
{
    /// <summary>The bucket that is there.</summary>
    public const string Bucket = "lake";

    private const string AddressVariable = "LAKEHOUSE_TEST_S3";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TemporaryFolder? _folder;
    private readonly string? _script;

    private S3Service(string? script) => (_script, _folder) = (script, script is null ? null : new TemporaryFolder());

    /// <summary>True when the script finds what it starts; else it installs it first, as root.</summary>
    private static bool IsInstalled => ForeignProcess.Exists("radosgw");

    /// <summary>Where it answers.</summary>
    public Uri Endpoint { get; private set; } = new("http://localhost");

    /// <summary>What reaches it.</summary>
    public S3Settings Settings => new() { Endpoint = Endpoint };

    /// <summary>Who may use it.</summary>
    public (string AccessKey, string SecretKey) Keys { get; private set; } = ("test", "testtest");

    /// <summary>What another process needs in its environment to reach it: ours, and readers made of other libraries.</summary>
    public IReadOnlyDictionary<string, string> Environment => EnvironmentAt(Endpoint);

    /// <summary>The same for a process that reaches it by another address, such as that of a proxy.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentAt(Uri endpoint) => new Dictionary<string, string>
    {
        ["AWS_ENDPOINT_URL"] = endpoint.ToString().TrimEnd('/'),
        ["AWS_ALLOW_HTTP"] = "true",
        ["AWS_ACCESS_KEY_ID"] = Keys.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = Keys.SecretKey,
        ["AWS_REGION"] = "us-east-1",
    };

    /// <summary>Starts one; skips the running test aloud where there is none to start.</summary>
    public static async Task<S3Service> StartAsync()
    {
        (S3Service? service, string missing) = await TryStartAsync();
        Assert.SkipWhen(service is null, $"not tested against a real S3: {missing}");
        return service;
    }

    /// <summary>Starts one, and installs it first where it is missing; else says why there is none.</summary>
    public static async Task<(S3Service? Service, string Missing)> TryStartAsync()
    {
        string? address = System.Environment.GetEnvironmentVariable(AddressVariable);
        if (!string.IsNullOrEmpty(address))
        {
            return (await new S3Service(script: null).BeginAsync(address), "");
        }

        if (Surroundings.Shared("services", "s3.sh") is not { } script)
        {
            return (null, "no services/s3.sh beside the repository and no LAKEHOUSE_TEST_S3");
        }

        try
        {
            // Test projects that come at the same time wait for the one that installs it.
            await using FileStream? turn = IsInstalled ? null : await ReaderCache.TurnAsync("ceph");
            return (await new S3Service(script).BeginAsync(null), "");
        }
        catch (InvalidOperationException e) when (!IsInstalled)
        {
            return (null, $"Ceph is not installed here and could not be: {e.Message}");
        }
    }

    /// <summary>The SDK's client with its own retries off, its requests through a handler of the test's.</summary>
    public IAmazonS3 NewClient(Func<HttpMessageHandler>? handler = null, S3Settings? settings = null) => new SingleAttemptClient(
        new BasicAWSCredentials(Keys.AccessKey, Keys.SecretKey),
        SingleAttemptClient.Configure(settings ?? Settings, handler ?? (static () => new SocketsHttpHandler())));

    /// <summary>A store below a folder of the bucket, without the retries that products put around it.</summary>
    public S3ObjectStore NewStore(string folder, HttpMessageHandler? handler = null, int listPageSize = 1000) => new(
        NewClient(handler is null ? null : () => handler),
        new Storage.S3Location(Bucket, folder),
        Settings,
        TimeProvider.System,
        new Retries(TimeProvider.System, new Random(1)))
    {
        ListPageSize = listPageSize,
    };

    /// <summary>True when it was started here, so that it can be stopped for a while.</summary>
    public bool IsOwn => _script is not null;

    /// <summary>Ends the process that answers requests, by SIGKILL: what it was doing is left half done. What it has stored stays.</summary>
    public void KillGateway()
    {
        using Process gateway = Process.GetProcessById(int.Parse(File.ReadAllText(GatewayPidFile), CultureInfo.InvariantCulture));
        gateway.Kill();
        gateway.WaitForExit();
        File.Delete(GatewayPidFile);
    }

    /// <summary>Starts it again and waits until it answers.</summary>
    public async Task BootGatewayAsync()
    {
        using (Process start = Process.Start("radosgw", ["-c", Data + "/ceph.conf", "-n", "client.rgw"]))
        {
            await start.WaitForExitAsync();
        }

        using var http = new HttpClient();
        for (long begun = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(Endpoint);
                return;
            }
            catch (HttpRequestException) when (TimeProvider.System.GetElapsedTime(begun) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_script is null || _folder is null)
        {
            return;
        }

        int[] processes = [.. PidFiles().Select(static f => int.Parse(File.ReadAllText(f), CultureInfo.InvariantCulture))];
        Call("stop", Data);
        foreach (int id in processes)
        {
            End(id);
        }

        _folder.Dispose();
    }

    private async Task<S3Service> BeginAsync(string? address)
    {
        try
        {
            if (address is null)
            {
                address = Call("start", Data, FreePorts.First(0, -690).ToString(CultureInfo.InvariantCulture)).Trim();
            }
            else
            {
                Keys = (
                    System.Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID") ?? Keys.AccessKey,
                    System.Environment.GetEnvironmentVariable("AWS_SECRET_ACCESS_KEY") ?? Keys.SecretKey);
            }

            Endpoint = new Uri(address);
            using IAmazonS3 client = NewClient();
            await client.PutBucketAsync(new PutBucketRequest { BucketName = Bucket, UseClientRegion = false });
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private string Data => _folder?["s3"] ?? throw new InvalidOperationException("This store was not started here.");

    private string GatewayPidFile => Data + "/run/client.rgw.pid";

    private IEnumerable<string> PidFiles() =>
        Directory.Exists(Data + "/run") ? Directory.EnumerateFiles(Data + "/run", "*.pid") : [];

    /// <summary>Waits for a process that has been told to end, and ends it when it does not.</summary>
    private static void End(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                process.WaitForExit();
            }
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }

    private string Call(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [_script!, .. arguments]) // Called only where there is a script.
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("bash did not start.");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"s3.sh {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
    }
}
