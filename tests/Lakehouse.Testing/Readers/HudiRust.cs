using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Lakehouse.Testing;

/// <summary>hudi-rs through the Python scripts of <c>services/verify</c> in the shared folder.</summary>
public sealed partial class HudiRust : ForeignReader
{
    /// <summary>Runs the scripts with the arguments of each request, and keeps the libraries that they load.</summary>
    private const string Program = """
        import contextlib, io, json, runpy, sys, traceback
        for line in sys.stdin:
            sys.argv = json.loads(line)
            output, errors, code = io.StringIO(), "", 0
            try:
                with contextlib.redirect_stdout(output):
                    runpy.run_path(sys.argv[0], run_name="__main__")
            except SystemExit as e:
                code = int(e.code or 0)
            except BaseException:
                code, errors = 2, traceback.format_exc()
            print(json.dumps({"exitCode": code, "output": output.getvalue(), "errors": errors}), flush=True)
        """;

    private readonly ForeignServer _server = new(static () => new ProcessStartInfo(
        Path.Combine(ReaderCache.Folder(Version(SetUpScript()!)), "bin", "python"), ["-B", "-c", Program]));

    internal HudiRust()
        : base("hudi-rs")
    {
    }

    /// <summary>Reads a table, whole or as of an instant, with variables such as those of S3. Its rows are <c>data</c> of the document.</summary>
    public async Task<TableReading> ReadAsync(
        string table, string? asOf, CancellationToken cancellation, IReadOnlyDictionary<string, string>? environment = null)
    {
        string[] more = asOf is null ? [] : ["--as-of", asOf];
        ForeignResult result = await RunAsync("hudi_read.py", [table, "--rows", .. more], environment, cancellation);

        // < Python writes NaN and infinities bare, which is not JSON. No text spans lines, so these ends of lines are numbers.
        using JsonDocument document = JsonDocument.Parse(BareNumber().Replace(result.OutputOf(), """: "$1"$2"""));
        JsonElement root = document.RootElement.Clone();
        return TableReading.Of(root, root.GetProperty("fileSlices").EnumerateArray().Select(s => s.GetProperty("base").GetString()));
    }

    /// <summary>Runs <c>exactly_once.py</c>: counts the Kafka records of a table by its columns of partition and offset.</summary>
    public async Task<RecordCount> CountRecordsAsync(
        string table, CancellationToken cancellation, string partition = "kafka_partition", string offset = "kafka_offset")
    {
        ForeignResult result = await RunAsync(
            "exactly_once.py", [table, "--partition", partition, "--offset", offset], null, cancellation);
        using JsonDocument document = JsonDocument.Parse(result.OutputOf(1)); // 1: records stand twice, which the counts say.
        return new RecordCount(
            document.RootElement.GetProperty("rows").GetInt64(),
            document.RootElement.GetProperty("distinct").GetInt64(),
            document.RootElement.GetProperty("doubled").GetInt64(),
            document.RootElement.GetProperty("partitions").EnumerateObject().ToDictionary(
                p => int.Parse(p.Name, CultureInfo.InvariantCulture),
                p => new PartitionCount(
                    p.Value.GetProperty("first").GetInt64(),
                    p.Value.GetProperty("last").GetInt64(),
                    p.Value.GetProperty("count").GetInt64())));
    }

    private protected override async Task<string?> SetUpAsync()
    {
        if (SetUpScript() is not { } script)
        {
            return "../shared/services/verify/setup.sh or its wheels are not beside the repository";
        }

        return await ReaderCache.SetUpAsync(Version(script), async folder =>
        {
            ForeignResult result = await ForeignProcess.RunAsync(
                new ProcessStartInfo("bash", [script, folder]), CancellationToken.None);
            return result.ExitCode == 0 ? null : $"setup.sh failed: {result.Errors}{result.Output}";
        });
    }

    private async Task<ForeignResult> RunAsync(
        string script, string[] arguments, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellation)
    {
        await RequireAsync();
        string path = Surroundings.Shared("services", "verify", script) ?? throw new FileNotFoundException($"There is no {script}.");
        if (environment is null)
        {
            return await _server.AskAsync((string[])[path, .. arguments], cancellation);
        }

        // Variables such as those of S3 are of a process: it is one of its own.
        string python = Path.Combine(ReaderCache.Folder(Version(SetUpScript()!)), "bin", "python");
        var start = new ProcessStartInfo(python, ["-B", path, .. arguments]);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return await ForeignProcess.RunAsync(start, cancellation);
    }

    private static string? SetUpScript() => Surroundings.Shared("wheels", "wheels.tar.xz") is null
        ? null
        : Surroundings.Shared("services", "verify", "setup.sh");

    /// <summary>Other wheels or another script make another environment.</summary>
    private static string Version(string script)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(script)))[..8];
        long wheelBytes = new FileInfo(Surroundings.Shared("wheels", "wheels.tar.xz")!).Length;
        return FormattableString.Invariant($"hudi-rs-{digest}-{wheelBytes}");
    }

    [GeneratedRegex(@": (NaN|-?Infinity)(,?)$", RegexOptions.Multiline)]
    private static partial Regex BareNumber();
}
