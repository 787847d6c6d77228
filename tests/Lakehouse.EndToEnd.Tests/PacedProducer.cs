using System.Diagnostics;
using System.Text;
using Lakehouse.Kafka;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>Sends trips at a steady rate over the partitions in turn, through broker restarts, each acknowledged once.</summary>
internal static class PacedProducer
{
    private const int Partitions = 4;
    /// <summary>Idempotent: a record that is sent again because a broker died before it answered stands in the log once.</summary>
    private static readonly Dictionary<string, string> Properties = new()
    {
        ["message.timeout.ms"] = "300000",
        ["enable.idempotence"] = "true",
    };


    /// <summary>Produces until it is told to stop and returns how many records the brokers acknowledged.</summary>
    /// <param name="bootstrapServers">Where.</param>
    /// <param name="topic">Which topic, of four partitions.</param>
    /// <param name="recordsPerSecond">How fast.</param>
    /// <param name="stop">When to stop.</param>
    /// <param name="noteBytes">Above 0: each record has a text of that size that does not compress well.</param>
    public static async Task<long> RunAsync(
        string bootstrapServers, string topic, int recordsPerSecond, CancellationToken stop, int noteBytes = 0)
    {
        using var producer = new KafkaProducer(bootstrapServers, Properties, TimeProvider.System);
        var clock = Stopwatch.StartNew();
        long sent = 0;
        while (!stop.IsCancellationRequested)
        {
            long due = (long)(clock.Elapsed.TotalSeconds * recordsPerSecond);
            while (sent < due && Send(producer, topic, sent, noteBytes))
            {
                sent++;
            }

            await Task.Delay(10, CancellationToken.None);
        }

        await FlushAsync(producer);
        return sent;
    }

    /// <summary>Record number n as JSON: day and city vary, so that several table partitions and dictionaries are in play.</summary>
    public static byte[] Trip(long n)
    {
        long eventTime = 1_763_510_400_000 + (n * 7_919 % 172_800_000);
        return Encoding.UTF8.GetBytes(FormattableString.Invariant(
            $$"""{"trip_id":"trip-{{n:d12}}","city":"c{{n % 50:d2}}","event_time":{{eventTime}},"fare":{{n % 9_973 / 100.0}}}"""));
    }

    private static bool Send(KafkaProducer producer, string topic, long n, int noteBytes) => producer.TryProduce(
        new TopicPartition(topic, (int)(n % Partitions)), default, true, noteBytes == 0 ? Trip(n) : [.. Trip(n).AsSpan()[..^1], .. Note(n, noteBytes)],
        false, -1);

    private static byte[] Note(long n, int byteCount)
    {
        byte[] random = new byte[byteCount * 3 / 4];
        new Random((int)n).NextBytes(random);
        return Encoding.UTF8.GetBytes($",\"note\":\"{Convert.ToBase64String(random)}\"}}");
    }

    /// <summary>A broker may be down for longer than one flush waits.</summary>
    private static async Task FlushAsync(KafkaProducer producer)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await producer.FlushAsync(CancellationToken.None);
                return;
            }
            catch (KafkaException) when (attempt < 5 && producer.PendingCount > 0)
            {
                await Task.Delay(500);
            }
        }
    }
}
