using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>The pipeline that the runs use: two table partitions per day, Kafka coordinates as columns, dead letters.</summary>
internal static class TripsPipeline
{
    /// <summary>Writes the pipeline file and returns its path; the table is in the folder <c>table</c>.</summary>
    public static string Write(TemporaryFolder folder, string bootstrapServers, string topic, string interval = "4s", string kafka = "")
    {
        string path = folder["trips.yaml"];
        File.WriteAllText(path, $"""
            pipeline: trips
            source:
              kafka: {"{"} bootstrap_servers: "{bootstrapServers}", topics: [{topic}], group: lakehouse-trips, start: earliest{kafka} {"}"}
            format: {"{"} json: {"{"} unknown_fields: ignore {"}"} {"}"}
            schema:
              - {"{"} name: trip_id, type: string, required: true {"}"}
              - {"{"} name: city, type: string {"}"}
              - {"{"} name: event_time, type: timestamp_millis {"}"}
              - {"{"} name: fare, type: double {"}"}
            steps:
              - derive: {"{"} dt: "date_format(event_time, 'yyyy-MM-dd')" {"}"}
            table: {"{"} path: "{folder["table"]}", partition_by: [dt], kafka_columns: [partition, offset] {"}"}
            checkpoint: {"{"} interval: {interval} {"}"}
            """);
        return path;
    }
}
