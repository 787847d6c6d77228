using static Lakehouse.Kafka.Librdkafka;

namespace Lakehouse.Kafka;

/// <summary>Creates and deletes topics and deletes records: what tests do to a real cluster. Each call waits for the answer.</summary>
internal sealed unsafe class KafkaAdmin : IDisposable
{
    private const int TimeoutMillis = 30_000;
    private readonly KafkaClient _client;
    private readonly QueueHandle _queue;

    public KafkaAdmin(string bootstrapServers, TimeProvider time)
    {
        _client = new KafkaClient(
            ProducerType, new Dictionary<string, string> { ["bootstrap.servers"] = bootstrapServers, ["log_level"] = "3" }, 0, time);
        _queue = rd_kafka_queue_new(_client.Handle);
    }

    public void CreateTopic(string topic, int partitionCount, params ReadOnlySpan<(string Name, string Value)> settings)
    {
        byte* errorText = stackalloc byte[ErrorStringLength];
        nint request = rd_kafka_NewTopic_new(topic, partitionCount, -1, errorText, ErrorStringLength);
        if (request == 0)
        {
            throw new KafkaException(KafkaError.TextOf(new(errorText, ErrorStringLength)), "_INVALID_ARG", isTransient: false);
        }

        foreach ((string name, string value) in settings)
        {
            KafkaError.ThrowIfAny(rd_kafka_NewTopic_set_config(request, name, value), $"Topic property {name}");
        }

        rd_kafka_CreateTopics(_client.Handle, &request, 1, 0, _queue);
        rd_kafka_NewTopic_destroy(request);
        nint answer = Answer($"Creating topic {topic}");
        nint* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), out _);
        Check(answer, rd_kafka_topic_result_error(results[0]), $"Creating topic {topic}");
    }

    public void DeleteTopic(string topic)
    {
        nint request = rd_kafka_DeleteTopic_new(topic);
        rd_kafka_DeleteTopics(_client.Handle, &request, 1, 0, _queue);
        rd_kafka_DeleteTopic_destroy(request);
        nint answer = Answer($"Deleting topic {topic}");
        nint* results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer), out _);
        Check(answer, rd_kafka_topic_result_error(results[0]), $"Deleting topic {topic}");
    }

    public void DeleteRecords(TopicPartition partition, long beforeOffset)
    {
        using var list = new PartitionList([new(partition, beforeOffset)]);
        nint request = rd_kafka_DeleteRecords_new(list.Pointer);
        rd_kafka_DeleteRecords(_client.Handle, &request, 1, 0, _queue);
        rd_kafka_DeleteRecords_destroy(request);
        nint answer = Answer($"Deleting records of {partition}");
        TopicPartitionList* results = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(answer));
        Check(answer, results->Entries[0].Error, $"Deleting records of {partition}");
    }

    public void Dispose()
    {
        _queue.Dispose();
        _client.Dispose();
    }

    private nint Answer(string what)
    {
        nint answer = rd_kafka_queue_poll(_queue, TimeoutMillis);
        KafkaError.ThrowIfAny(answer == 0 ? KafkaError.TimedOut : KafkaError.None, what);
        if (rd_kafka_event_error(answer) is var code and not KafkaError.None)
        {
            Check(answer, code, what);
        }

        return answer;
    }

    private static void Check(nint answer, int code, string what)
    {
        rd_kafka_event_destroy(answer);
        KafkaError.ThrowIfAny(code, what);
    }
}
