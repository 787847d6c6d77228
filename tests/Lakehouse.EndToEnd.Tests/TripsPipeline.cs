using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>The pipeline that the runs use: two table partitions per day, Kafka coordinates as columns, dead letters.</summary>
internal static class TripsPipeline
{
    /// <summary>
    /// Writes the pipeline file and returns its path; the table is in the folder <c>table</c> unless told otherwise. Where it has notes, the
    /// column of the large texts of <see cref="PacedProducer"/>, it has no table partitions, so that its files are large.
    /// </summary>
    public static string Write(
        TemporaryFolder folder,
        string bootstrapServers,
        string topic,
        string interval = "4s",
        string kafka = "",
        string? table = null,
        bool hasNotes = false,
        string? deadLetters = null)
    {
        string aside = deadLetters is null ? "" : $"\ndead_letters: {{ path: \"{deadLetters}\" }}";
        string path = folder["trips.yaml"];
        string note = hasNotes ? "\n  - { name: note, type: string }" : "";
        string partitions = hasNotes ? "" : "partition_by: [dt], ";
        File.WriteAllText(path, $"""
            pipeline: trips
            source:
              kafka: {"{"} bootstrap_servers: "{bootstrapServers}", topics: [{topic}], group: "lakehouse-{topic}", start: earliest{kafka} {"}"}
            format: {"{"} json: {"{"} unknown_fields: ignore {"}"} {"}"}
            schema:
              - {"{"} name: trip_id, type: string, required: true {"}"}
              - {"{"} name: city, type: string {"}"}
              - {"{"} name: event_time, type: timestamp_millis {"}"}
              - {"{"} name: fare, type: double {"}"}{note}
            steps:
              - derive: {"{"} dt: "date_format(event_time, 'yyyy-MM-dd')" {"}"}
            table: {"{"} path: "{table ?? folder["table"]}", {partitions}kafka_columns: [partition, offset] {"}"}
            checkpoint: {"{"} interval: {interval} {"}"}{aside}
            """);
        return path;
    }
}
