using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Lakehouse.Testing;

/// <summary>Hudi's Java code and parquet-java through <c>java_read.sh</c> of the shared folder, each file read in several splits.</summary>
public sealed class HudiJava : ForeignReader
{
    private const string ArchiveName = "classes.jsa";
    private const string SettingsName = "settings.jar";

    /// <summary>
    /// What Spark and Flink tell parquet-avro: lists have three levels. Its own default asks for the two of old, and finds no element then.
    /// </summary>
    private const string Settings = """
        <configuration>
        <property><name>parquet.avro.write-old-list-structure</name><value>false</value></property>
        <property><name>parquet.avro.add-list-element-records</name><value>false</value></property>
        </configuration>
        """;

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

    /// <summary>Counts a table's rows, whole or as of an instant, and the different pairs of Kafka partition and offset.</summary>
    public async Task<(long RowCount, long DistinctCount)> CountRecordsAsync(
        string table,
        CancellationToken cancellation,
        string partition = "kafka_partition",
        string offset = "kafka_offset",
        string? asOf = null)
    {
        string[] more = asOf is null ? [] : ["--as-of", asOf];
        JsonElement document = await RunAsync([table, "--distinct", $"{partition},{offset}", .. more], isShort: false, cancellation);
        return (document.GetProperty("rows").GetInt64(), document.GetProperty("distinct").GetInt64());
    }

    private protected override async Task<string?> SetUpAsync()
    {
        if (Script() is not { } script)
        {
            return "../shared/services/verify/java_read.sh or its jars are not beside the repository";
        }

        if (!ForeignProcess.Exists("java"))
        {
            return "there is no java";
        }

        return Surroundings.Shared("corpus", "hudi-tables", "sample_table__cow__v6_nonpartitioned.zip") is { } sample
            ? await ReaderCache.SetUpAsync(CacheName(script), folder => ArchiveClassesAsync(script, sample, folder))
            : "../shared/corpus/hudi-tables is not beside the repository";
    }

    /// <summary>The settings, in a jar as class archives need it, and an archive of classes: half of a short run is loading them.</summary>
    private static async Task<string?> ArchiveClassesAsync(string script, string sample, string folder)
    {
        await using (ZipArchive jar = await ZipFile.OpenAsync(Path.Combine(folder, SettingsName), ZipArchiveMode.Create))
        await using (Stream entry = await jar.CreateEntry("core-site.xml").OpenAsync())
        {
            await entry.WriteAsync(Encoding.UTF8.GetBytes(Settings));
        }

        await ZipFile.ExtractToDirectoryAsync(sample, folder);
        ForeignResult result = await ForeignProcess.RunAsync(
            Command(script, [Path.Combine(folder, "v6_nonpartitioned")], $"-XX:ArchiveClassesAtExit={Path.Combine(folder, ArchiveName)}"),
            CancellationToken.None);
        return result.ExitCode == 0 ? null : $"it cannot read the sample of Hudi's own tests: {result.Errors}";
    }

    private async Task<JsonElement> RunAsync(string[] arguments, bool isShort, CancellationToken cancellation)
    {
        await RequireAsync();
        string script = Script()!;
        string archive = Path.Combine(ReaderCache.Folder(CacheName(script)), ArchiveName);
        string options = $"-XX:SharedArchiveFile={archive}";
        ForeignResult result = await ForeignProcess.RunAsync(
            Command(script, arguments, isShort ? $"{options} -XX:TieredStopAtLevel=1" : options), cancellation);
        using JsonDocument document = JsonDocument.Parse(result.OutputOf());
        return document.RootElement.Clone();
    }

    /// <summary>The JVM's own messages would go to standard output, between the JSON.</summary>
    private static ProcessStartInfo Command(string script, string[] arguments, string options)
    {
        var start = new ProcessStartInfo("bash", [script, .. arguments]);
        string settings = Path.Combine(ReaderCache.Folder(CacheName(script)), SettingsName);
        start.Environment["JAVA_TOOL_OPTIONS"] = $"-Xbootclasspath/a:{settings} {options} -Xlog:disable";
        return start;
    }

    private static string? Script() => Surroundings.Shared("java-hudi", "hudi-read.jar") is null
        ? null
        : Surroundings.Shared("services", "verify", "java_read.sh");

    /// <summary>An archive serves only the class path and the settings that it was made with.</summary>
    private static string CacheName(string script) =>
        $"hudi-java-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script + Settings)))[..8]}";
}
