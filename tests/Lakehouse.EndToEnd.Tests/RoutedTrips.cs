using System.Text;
using Lakehouse.Kafka;
using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// A pipeline of three tables, and which record of the log belongs to which of them, told by its raw bytes: trips of cities c00 to c19 go to
/// a route, what is no whole JSON goes to the dead letters, all others stay in the first table.
/// </summary>
internal static class RoutedTrips
{
    /// <summary>The folders of the tables, the first one first, the others as they are rolled forward: by their path.</summary>
    public static readonly IReadOnlyList<string> Tables = ["table", "aside_dead_letters", "aside_route"];

    private const int BadPerSecond = 20;

    /// <summary>Writes the pipeline file and returns its path.</summary>
    public static string Write(TemporaryFolder folder, string bootstrapServers, string topic)
    {
        string path = TripsPipeline.Write(folder, bootstrapServers, topic, "1s");
        File.AppendAllText(path, $$"""

            routes: [ { where: "city < 'c20'", table: { path: "{{folder[Tables[2]]}}", partition_by: [dt, city] } } ]
            dead_letters: { path: "{{folder[Tables[1]]}}" }
            """);
        return path;
    }

    /// <summary>Which of the tables holds a record.</summary>
    public static string TableOf(ReadOnlySpan<byte> value) =>
        !value.EndsWith("}"u8) ? Tables[1]
        : value.IndexOf("\"city\":\"c0"u8) >= 0 || value.IndexOf("\"city\":\"c1"u8) >= 0 ? Tables[2]
        : Tables[0];

    /// <summary>Sends bad records beside the trips until told to stop.</summary>
    public static async Task ProduceBadAsync(string bootstrapServers, string topic, CancellationToken stop)
    {
        using var producer = new KafkaProducer(
            bootstrapServers, new Dictionary<string, string> { ["message.timeout.ms"] = "300000" }, TimeProvider.System);
        for (int n = 0; !stop.IsCancellationRequested; n++)
        {
            byte[] value = Encoding.UTF8.GetBytes(FormattableString.Invariant($"{{\"trip_id\":\"bad-{n}\","));
            producer.TryProduce(new TopicPartition(topic, n % 4), default, true, value, false, -1);
            await Task.Delay(1_000 / BadPerSecond, CancellationToken.None);
        }

        await producer.FlushAsync(CancellationToken.None);
    }
}
