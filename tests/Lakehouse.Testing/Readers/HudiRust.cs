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

    /// <summary>Counts pairs of two columns as of each of several instants, the newest for an empty one: a list of JSON.</summary>
    private const string CountProgram = """
        import json, os, sys
        import pyarrow as pa, pyarrow.compute as pc
        from hudi import HudiReadOptions, HudiTableBuilder
        table, partition, offset, *instants = sys.argv[1:]
        hudi = HudiTableBuilder.from_base_uri(table if "://" in table else os.path.abspath(table)).build()
        def count(instant):
            options = HudiReadOptions().with_projection([partition, offset])
            batches = hudi.read(options.with_as_of_timestamp(instant) if instant else options)
            if not batches: return {"rows": 0, "distinct": 0, "doubled": 0, "partitions": {}}
            pairs = pa.Table.from_batches(batches).select([partition, offset]).rename_columns(["p", "o"])
            groups = pairs.group_by(["p", "o"]).aggregate([([], "count_all")])
            parts = groups.group_by("p").aggregate([("o", "min"), ("o", "max"), ("o", "count")]).to_pylist()
            return {"rows": pairs.num_rows, "distinct": groups.num_rows, "doubled": groups.filter(pc.greater(groups["count_all"], 1)).num_rows,
                    "partitions": {str(g["p"]): {"first": g["o_min"], "last": g["o_max"], "count": g["o_count"]} for g in parts}}
        json.dump([count(instant) for instant in instants], sys.stdout)
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
        ForeignResult result = await ReadAsync([table, "--rows", .. more], environment, cancellation);

        // < Python writes NaN and infinities bare, which is not JSON. No text spans lines, so these ends of lines are numbers.
        using JsonDocument document = JsonDocument.Parse(BareNumber().Replace(result.OutputOf(), """: "$1"$2"""));
        JsonElement root = document.RootElement.Clone();
        return TableReading.Of(root, root.GetProperty("fileSlices").EnumerateArray().Select(s => s.GetProperty("base").GetString()));
    }

    /// <summary>Counts the Kafka records of a table by its columns of partition and offset.</summary>
    public async Task<RecordCount> CountRecordsAsync(
        string table, CancellationToken cancellation, string partition = "kafka_partition", string offset = "kafka_offset") =>
        (await CountRecordsAsync(table, [null], null, cancellation, partition, offset))[0];

    /// <summary>The same as of several instants, with variables such as those of S3; null stands for the newest.</summary>
    public async Task<IReadOnlyList<RecordCount>> CountRecordsAsync(
        string table,
        IReadOnlyList<string?> instants,
        IReadOnlyDictionary<string, string>? environment,
        CancellationToken cancellation,
        string partition = "kafka_partition",
        string offset = "kafka_offset")
    {
        await RequireAsync();
        ForeignResult result = await RunAsync(
            ["-c", CountProgram, table, partition, offset, .. instants.Select(static i => i ?? "")], environment, cancellation);
        using JsonDocument document = JsonDocument.Parse(result.OutputOf());
        return [.. document.RootElement.EnumerateArray().Select(CountOf)];
    }

    /// <summary>Runs a Python script, which may import hudi-rs and pyarrow, and gives what it prints.</summary>
    public async Task<string> RunAsync(string script, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        await RequireAsync();
        return (await RunAsync([script, .. arguments], null, cancellation)).OutputOf();
    }

    private static RecordCount CountOf(JsonElement count) => new(
        count.GetProperty("rows").GetInt64(),
        count.GetProperty("distinct").GetInt64(),
        count.GetProperty("doubled").GetInt64(),
        count.GetProperty("partitions").EnumerateObject().ToDictionary(
            static p => int.Parse(p.Name, CultureInfo.InvariantCulture),
            static p => new PartitionCount(
                p.Value.GetProperty("first").GetInt64(),
                p.Value.GetProperty("last").GetInt64(),
                p.Value.GetProperty("count").GetInt64())));

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

    private async Task<ForeignResult> ReadAsync(
        string[] arguments, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellation)
    {
        await RequireAsync();
        string path = Surroundings.Shared("services", "verify", "hudi_read.py") ?? throw new FileNotFoundException("There is no hudi_read.py.");

        // Variables such as those of S3 are of a process: it is one of its own.
        return environment is null
            ? await _server.AskAsync((string[])[path, .. arguments], cancellation)
            : await RunAsync([path, .. arguments], environment, cancellation);
    }

    private static Task<ForeignResult> RunAsync(
        string[] arguments, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellation)
    {
        string python = Path.Combine(ReaderCache.Folder(Version(SetUpScript()!)), "bin", "python");
        var start = new ProcessStartInfo(python, ["-B", .. arguments]);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return ForeignProcess.RunAsync(start, cancellation);
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
