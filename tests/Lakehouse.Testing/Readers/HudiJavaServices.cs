using System.Diagnostics;
using System.Text.Json;

namespace Lakehouse.Testing;

/// <summary>Reads the contents of a table's clean, savepoint and restore instants, and of planned merges, with Hudi's own Java classes.</summary>
public static class HudiJavaServices
{
    /// <summary>Every service instant through <c>TimelineMetadataUtils</c>, one line of JSON each: file name, record name, record.</summary>
    private const string Program = """
        import java.nio.file.*;
        import java.util.*;
        import org.apache.avro.specific.SpecificRecordBase;
        import org.apache.hudi.common.table.timeline.TimelineMetadataUtils;
        import org.apache.hudi.avro.model.*;
        public class ServiceRead {
          public static void main(String[] args) throws Exception {
            try (var files = Files.list(Path.of(args[0], ".hoodie"))) {
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
                if (record != null) System.out.println(name.substring(18) + "\t" + record);
              }
            }
          }
        }
        """;

    /// <summary>The records of a table's service instants by the rest of the file's name, such as <c>clean.requested</c>, in their order.</summary>
    public static async Task<ILookup<string, JsonElement>> ReadAsync(string table, CancellationToken cancellation)
    {
        await ForeignReaders.HudiJava.RequireAsync();
        string libraries = Path.Combine(Surroundings.Shared("java-hudi")!, "lib", "*"); // required above
        using var folder = new TemporaryFolder();
        string source = folder["ServiceRead.java"];
        await File.WriteAllTextAsync(source, Program, cancellation);
        ForeignResult result = await ForeignProcess.RunAsync(
            new ProcessStartInfo("java", ["-XX:+UseSerialGC", "-cp", libraries, source, table]), cancellation);
        return result.OutputOf().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split('\t', 2))
            .ToLookup(static part => part[0], static part =>
            {
                using JsonDocument document = JsonDocument.Parse(part[1]);
                return document.RootElement.Clone();
            });
    }
}
