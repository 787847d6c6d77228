using static Lakehouse.Kafka.Librdkafka;

namespace Lakehouse.Kafka;

/// <summary>
/// A Kafka broker inside this process, for the demo and for fast tests: librdkafka's mock cluster on a port of the loopback address.
/// It keeps only about 5 MB of each partition and drops the oldest, so a producer must not run ahead of the consumer by more. It knows
/// consumer groups and transactions, but no log compaction, no security and nothing on disk.
/// </summary>
public sealed class EmbeddedBroker : IDisposable
{
    private readonly KafkaClient _client;
    private nint _cluster;

    /// <summary>Starts the broker.</summary>
    public EmbeddedBroker(TimeProvider time)
    {
        var properties = new Dictionary<string, string> { ["client.id"] = "lakehouse-broker", ["log_level"] = "3" };
        _client = new KafkaClient(ProducerType, properties, 0, time);
        _cluster = rd_kafka_mock_cluster_new(_client.Handle, brokers: 1);
        if (_cluster == 0)
        {
            _client.Dispose();
            throw new KafkaException("The embedded broker did not start.", "_FAIL", isTransient: false);
        }

        BootstrapServers = Text(rd_kafka_mock_cluster_bootstraps(_cluster));
    }

    /// <summary>What clients connect to.</summary>
    public string BootstrapServers { get; }

    /// <summary>Creates a topic.</summary>
    public void CreateTopic(string topic, int partitionCount)
    {
        ObjectDisposedException.ThrowIf(_cluster == 0, this);
        KafkaError.ThrowIfAny(rd_kafka_mock_topic_create(_cluster, topic, partitionCount, replicas: 1), $"Creating topic {topic}");
    }

    /// <summary>Stops the broker; its data is gone.</summary>
    public void Dispose()
    {
        if (_cluster != 0)
        {
            rd_kafka_mock_cluster_destroy(_cluster);
            _cluster = 0;
            _client.Dispose();
        }
    }
}
