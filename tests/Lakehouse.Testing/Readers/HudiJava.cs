using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Lakehouse.Testing;

/// <summary>Hudi's Java code and parquet-java through <c>HudiRead</c> of the shared folder, each file read in several splits.</summary>
public sealed class HudiJava : ForeignReader
{
    private const string SourceName = "HudiServer.java";

    /// <summary>
    /// What Spark and Flink tell parquet-avro: lists have three levels. Its own default asks for the two of old, and finds no element then.
    /// </summary>
    private const string Settings = """
        <configuration>
        <property><name>parquet.avro.write-old-list-structure</name><value>false</value></property>
        <property><name>parquet.avro.add-list-element-records</name><value>false</value></property>
        </configuration>
        """;

    /// <summary>
    /// Answers requests, since a run of its own for each would load and compile Hudi's classes again: <c>read</c> with the arguments of
    /// <c>HudiRead</c>, or <c>services</c> with a table's folder, which gives every service instant through <c>TimelineMetadataUtils</c>, one
    /// line of JSON each: file name, record.
    /// </summary>
    private const string Program = """
        import java.io.*;
        import java.lang.reflect.*;
        import java.net.*;
        import java.nio.charset.StandardCharsets;
        import java.nio.file.*;
        import java.util.*;
        import com.fasterxml.jackson.databind.*;
        import org.apache.hudi.common.table.timeline.TimelineMetadataUtils;
        import org.apache.hudi.avro.model.*;
        public class HudiServer {
          /** HudiRead prints its answer, once, and then ends the JVM: so it does not come that far. */
          static class Said extends Error {}
          static final ByteArrayOutputStream output = new ByteArrayOutputStream(), errors = new ByteArrayOutputStream();
          public static void main(String[] jar) throws Exception {
            var json = new ObjectMapper();
            var answers = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
            System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8) {
              @Override public void println(String text) { super.println(text); throw new Said(); }
            });
            for (String line; (line = requests.readLine()) != null;) {
              output.reset();
              errors.reset();
              int exitCode = 0;
              try {
                String[] request = json.readValue(line, String[].class);
                String[] arguments = Arrays.copyOfRange(request, 1, request.length);
                if (request[0].equals("services")) services(Path.of(arguments[0], ".hoodie"));
                else if (!read(jar[0], arguments, json)) exitCode = 1;
              } catch (Throwable e) {
                e.printStackTrace();
                exitCode = 2;
              }
              answers.println(json.writeValueAsString(Map.of("exitCode", exitCode,
                  "output", output.toString(StandardCharsets.UTF_8), "errors", errors.toString(StandardCharsets.UTF_8))));
            }
          }
          /** Its classes are loaded anew each time, since they keep what they found; false when splits lose rows or files are not those of commits. */
          static boolean read(String jar, String[] arguments, ObjectMapper json) throws Throwable {
            try (var loader = new URLClassLoader(new URL[] {Path.of(jar).toUri().toURL()})) {
              Method main = loader.loadClass("HudiRead").getDeclaredMethod("main", String[].class);
              main.setAccessible(true);
              main.invoke(null, (Object) arguments);
              throw new IllegalStateException("HudiRead said nothing.");
            } catch (InvocationTargetException e) {
              if (!(e.getCause() instanceof Said)) throw e.getCause();
            }
            JsonNode said = json.readTree(output.toString(StandardCharsets.UTF_8));
            return said.get("rowsLostBySplits").asLong() == 0 && said.get("missingFiles").isEmpty() && said.get("unseenFiles").isEmpty();
          }
          static void services(Path timeline) throws Exception {
            try (var files = Files.list(timeline)) {
              for (Path file : (Iterable<Path>) files.sorted()::iterator) {
                String name = file.getFileName().toString();
                if (Files.isDirectory(file) || Files.size(file) == 0) continue;
                byte[] bytes = Files.readAllBytes(file);
                Object record = name.endsWith(".clean") ? TimelineMetadataUtils.deserializeHoodieCleanMetadata(bytes)
                    : name.endsWith(".clean.requested") || name.endsWith(".clean.inflight") ? TimelineMetadataUtils.deserializeCleanerPlan(bytes)
                    : name.endsWith(".savepoint") ? TimelineMetadataUtils.deserializeHoodieSavepointMetadata(bytes)
                    : name.endsWith(".restore") ? TimelineMetadataUtils.deserializeHoodieRestoreMetadata(bytes)
                    : name.endsWith(".restore.requested") ? TimelineMetadataUtils.deserializeAvroMetadata(bytes, HoodieRestorePlan.class)
                    : name.endsWith(".replacecommit.requested") ? TimelineMetadataUtils.deserializeRequestedReplaceMetadata(bytes)
                    : null;
                if (record != null) System.out.print(name.substring(18) + "\t" + record + "\n");
              }
            }
          }
        }
        """;

    private readonly ForeignServer _server = new(static () => new ProcessStartInfo("java",
        ["-XX:+UseSerialGC", "-cp", $"{Folder}:{Path.Combine(Library("lib")!, "*")}", Path.Combine(Folder, SourceName), Library("hudi-read.jar")!]));

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
        JsonElement document = await ReadAsync([table, "--splits", splits.ToString(CultureInfo.InvariantCulture), .. more], cancellation);
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
        JsonElement document = await ReadAsync([table, "--distinct", $"{partition},{offset}", .. more], cancellation);
        return (document.GetProperty("rows").GetInt64(), document.GetProperty("distinct").GetInt64());
    }

    /// <summary>
    /// The records of a table's clean, savepoint and restore instants, and of planned merges, by the rest of the file's name, such as
    /// <c>clean.requested</c>, in their order.
    /// </summary>
    public async Task<ILookup<string, JsonElement>> ReadServicesAsync(string table, CancellationToken cancellation)
    {
        await RequireAsync();
        return (await _server.AskAsync((string[])["services", table], cancellation)).OutputOf()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split('\t', 2))
            .ToLookup(static part => part[0], static part => Parse(part[1]));
    }

    private static string Folder => ReaderCache.Folder(
        $"hudi-java-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Program + Settings)))[..8]}");

    private protected override async Task<string?> SetUpAsync()
    {
        if (Library("hudi-read.jar") is null || Library("lib") is null)
        {
            return "../shared/java-hudi is not beside the repository";
        }

        if (!ForeignProcess.Exists("java"))
        {
            return "there is no java";
        }

        return Surroundings.Shared("corpus", "hudi-tables", "sample_table__cow__v6_nonpartitioned.zip") is { } sample
            ? await ReaderCache.SetUpAsync(Path.GetFileName(Folder), folder => TryAsync(sample, folder))
            : "../shared/corpus/hudi-tables is not beside the repository";
    }

    private async Task<string?> TryAsync(string sample, string folder)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "core-site.xml"), Settings);
        await File.WriteAllTextAsync(Path.Combine(folder, SourceName), Program);
        await ZipFile.ExtractToDirectoryAsync(sample, folder);
        ForeignResult result = await _server.AskAsync((string[])["read", Path.Combine(folder, "v6_nonpartitioned")], CancellationToken.None);
        return result.ExitCode == 0 ? null : $"it cannot read the sample of Hudi's own tests: {result.Errors}";
    }

    private async Task<JsonElement> ReadAsync(string[] arguments, CancellationToken cancellation)
    {
        await RequireAsync();
        return Parse((await _server.AskAsync((string[])["read", .. arguments], cancellation)).OutputOf());
    }

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static string? Library(string name) => Surroundings.Shared("java-hudi", name);
}
