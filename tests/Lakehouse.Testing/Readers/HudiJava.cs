using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Lakehouse.Testing;

/// <summary>Hudi's Java code and parquet-java through <c>java_read.sh</c> of the shared folder, each file read in several splits.</summary>
public sealed class HudiJava : ForeignReader
{

    internal HudiJava()
        : base("Hudi Java")
    {
    }

    /// <summary>
    /// Reads a table, whole or as of an instant, every page's CRC verified. Fails the test when splits lose or double rows, and when a file
    /// that the commits name is missing or is not one that Hudi would read. About 20,000 rows a second.
    /// </summary>
    /// <param name="table">Its folder.</param>
    /// <param name="asOf">An instant, or null for the newest.</param>
    /// <param name="splits">Into how many ranges each file is divided; row groups go to the range that holds their midpoint.</param>
    /// <param name="cancellation">Ends the process.</param>
    public async Task<TableReading> ReadAsync(string table, string? asOf, int splits, CancellationToken cancellation)
    {
        string[] more = asOf is null ? [] : ["--as-of", asOf];
        JsonElement document = await RunAsync(
            [table, "--splits", splits.ToString(CultureInfo.InvariantCulture), .. more], isShort: true, cancellation);
        return TableReading.Of(document, document.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("file").GetString()));
    }

    /// <summary>Counts a table's rows and the different tuples of some columns.</summary>
    public async Task<(long RowCount, long DistinctCount)> CountRecordsAsync(
        string table, CancellationToken cancellation, string partition = "kafka_partition", string offset = "kafka_offset")
    {
        JsonElement document = await RunAsync([table, "--distinct", $"{partition},{offset}"], isShort: false, cancellation);
        return (document.GetProperty("rows").GetInt64(), document.GetProperty("distinct").GetInt64());
    }

    private protected override Task<string?> SetUpAsync() => Task.FromResult(
        Script() is null ? "../shared/services/verify/java_read.sh or its jars are not beside the repository"
        : !ForeignProcess.Exists("java") ? "there is no java"
        : null);

    private async Task<JsonElement> RunAsync(string[] arguments, bool isShort, CancellationToken cancellation)
    {
        await RequireAsync();
        var start = new ProcessStartInfo("bash", [Script()!, .. arguments]);
        if (isShort)
        {
            start.Environment["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1"; // < Of two seconds the better compiler takes one.
        }

        ForeignResult result = await ForeignProcess.RunAsync(start, null, cancellation);
        using JsonDocument document = JsonDocument.Parse(result.OutputOf());
        return document.RootElement.Clone();
    }

    private static string? Script() => Surroundings.Shared("java-hudi", "hudi-read.jar") is null
        ? null
        : Surroundings.Shared("services", "verify", "java_read.sh");
}
