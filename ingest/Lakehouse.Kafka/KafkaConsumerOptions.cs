using System.Globalization;

namespace Lakehouse.Kafka;

/// <summary>What a <see cref="KafkaConsumer"/> needs to know.</summary>
public sealed record KafkaConsumerOptions
{
    /// <summary>
    /// From 2.6.1 on a rebalance interrupts, and makes commit early, only the partitions that change hands. Before, librdkafka's cooperative
    /// assignor could abort the process or loop for ever (its issues 4312 and 4783), so that it is for those who ask for it.
    /// </summary>
    private const int SoundCooperativeVersion = 0x02060100;

    /// <summary>Addresses, <c>host:port</c> separated by commas.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>The consumer group.</summary>
    public required string Group { get; init; }

    /// <summary>
    /// The worker's configured id (<c>group.instance.id</c>): restarted within the session timeout it gets its partitions back without a
    /// rebalance. Null: a member without a name of its own.
    /// </summary>
    public string? InstanceId { get; init; }

    /// <summary>
    /// How many bytes of one partition are fetched ahead. Smaller saves memory and costs throughput where decoding is fast.
    /// </summary>
    public int PrefetchByteCountPerPartition { get; init; } = 16 << 20;

    /// <summary>Any property of librdkafka but those that exactly-once depends on.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets librdkafka's own log lines; none are written elsewhere.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>
    /// How long what is in flight of revoked partitions may still be committed before they are given back without: half of the time after
    /// which the group gives up on the member (<c>max.poll.interval.ms</c>), and no longer than it waits for a dead one
    /// (<c>session.timeout.ms</c>), because with eager assignment nobody reads meanwhile.
    /// </summary>
    public TimeSpan GiveBackWithin
    {
        get
        {
            TimeSpan session = Milliseconds("session.timeout.ms", 45_000);
            TimeSpan poll = Milliseconds("max.poll.interval.ms", 300_000) / 2;
            return session < poll ? session : poll;
        }
    }

    /// <summary>Settings in the order in which they are made; the user's come after the defaults and before what must not change.</summary>
    internal Dictionary<string, string> ToProperties()
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = BootstrapServers,
            ["group.id"] = Group,
            ["client.id"] = "lakehouse",
            ["queued.min.messages"] = "1000000",
            ["queued.max.messages.kbytes"] = FormattableString.Invariant($"{Math.Max(PrefetchByteCountPerPartition >> 10, 1)}"),
            ["fetch.message.max.bytes"] = FormattableString.Invariant($"{Math.Clamp(PrefetchByteCountPerPartition / 4, 1 << 20, 8 << 20)}"),
            ["fetch.wait.max.ms"] = "100",
            ["partition.assignment.strategy"] = Librdkafka.Version >= SoundCooperativeVersion ? "cooperative-sticky" : "roundrobin,range",
        };
        if (InstanceId is not null)
        {
            properties["group.instance.id"] = InstanceId;
        }

        if (Librdkafka.Version >= 0x02020000)
        {
            properties["fetch.queue.backoff.ms"] = "10"; // The default of a second starves a reader that is faster than its queue is deep.
        }

        foreach ((string name, string value) in Properties)
        {
            if (Fixed.TryGetValue(name, out string? always))
            {
                throw new KafkaException(
                    $"Kafka property {name} is always {always} here, because exactly-once depends on it: remove it.", "_INVALID_ARG",
                    isTransient: false);
            }

            properties[name] = value;
        }

        foreach ((string name, string value) in Fixed)
        {
            properties[name] = value;
        }

        return properties;
    }

    /// <summary>A property as given, or librdkafka's default; what is no number is refused by librdkafka itself.</summary>
    private TimeSpan Milliseconds(string name, int byDefault) => TimeSpan.FromMilliseconds(
        Properties.TryGetValue(name, out string? text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int given)
            ? given
            : byDefault);

    /// <summary>Offsets come from the table's ledger and nowhere else; errors and logs come as events.</summary>
    private static readonly Dictionary<string, string> Fixed = new(StringComparer.Ordinal)
    {
        ["enable.auto.commit"] = "false",
        ["enable.auto.offset.store"] = "false",
        ["auto.offset.reset"] = "error",
        ["enable.partition.eof"] = "true",
        ["isolation.level"] = "read_committed",
        ["log.queue"] = "true",
    };
}
