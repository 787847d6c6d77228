using static Lakehouse.Kafka.Librdkafka;

namespace Lakehouse.Kafka;

/// <summary>
/// A rd_kafka_t with its settings, and the questions that consumers, producers and administration share. Thread safe, as librdkafka is.
/// Questions wait for brokers in short slices on the caller's thread, so that a cancellation is heard within a second.
/// </summary>
internal sealed class KafkaClient : IDisposable
{
    private const int SliceMillis = 1000;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);
    private readonly TimeProvider _time;

    public unsafe KafkaClient(int type, IReadOnlyDictionary<string, string> properties, int events, TimeProvider time)
    {
        _time = time;
        BootstrapServers = properties.GetValueOrDefault("bootstrap.servers", "");
        byte* errorText = stackalloc byte[ErrorStringLength];
        nint conf = rd_kafka_conf_new();
        try
        {
            rd_kafka_conf_set_events(conf, events);
            foreach ((string name, string value) in properties)
            {
                if (rd_kafka_conf_set(conf, name, value, errorText, ErrorStringLength) != 0)
                {
                    throw new KafkaException(
                        $"Kafka property {name}: {KafkaError.TextOf(new(errorText, ErrorStringLength))}", "_INVALID_ARG", isTransient: false);
                }
            }

            nint client = rd_kafka_new(type, conf, errorText, ErrorStringLength);
            if (client == 0)
            {
                throw new KafkaException(
                    $"No Kafka client: {KafkaError.TextOf(new(errorText, ErrorStringLength))}", "_INVALID_ARG", isTransient: false);
            }

            conf = 0; // It belongs to the client now.
            Handle = ClientHandle.Own(client);
        }
        finally
        {
            if (conf != 0)
            {
                rd_kafka_conf_destroy(conf);
            }
        }
    }

    public ClientHandle Handle { get; }

    public string BootstrapServers { get; }

    public void Dispose() => Handle.Dispose();

    /// <summary>Leaves the native client where it is, with its threads, for the rest of the process.</summary>
    public void Abandon() => Handle.SetHandleAsInvalid();

    public string ClusterId(int timeoutMillis)
    {
        nint id = rd_kafka_clusterid(Handle, timeoutMillis);
        string text = Text(id);
        if (id != 0)
        {
            rd_kafka_mem_free(Handle.DangerousGetHandle(), id);
        }

        return text;
    }

    /// <summary>
    /// Asks until there is an answer, an error that waiting does not mend, or no time left. <paramref name="ask"/> gets its timeout and
    /// returns an error code; <paramref name="meanwhile"/> runs between attempts and may throw what it has learned.
    /// </summary>
    public async Task AskAsync(string what, Func<int, int> ask, Func<KafkaException?> meanwhile, CancellationToken cancellation)
    {
        long start = _time.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            int code = ask(SliceMillis);
            if (code == KafkaError.None)
            {
                return;
            }

            KafkaException? known = meanwhile();
            if (KafkaError.IsPermanent(code) || _time.GetElapsedTime(start) > RequestTimeout)
            {
                throw KafkaError.Exception(code, $"{what} at {BootstrapServers}", known?.Message);
            }

            await Task.Delay(RetryPause, _time, cancellation);
        }
    }

    /// <summary>Partitions of the topics that exist, from a listing of all topics: asking for one by name could create it.</summary>
    public unsafe int TryListPartitions(IReadOnlyList<string> topics, List<TopicPartition> partitions, int timeoutMillis)
    {
        int code = rd_kafka_metadata(Handle, allTopics: 1, 0, out Metadata* metadata, timeoutMillis);
        if (code != KafkaError.None)
        {
            return code;
        }

        partitions.Clear();
        for (int t = 0; t < metadata->TopicCount; t++)
        {
            MetadataTopic topic = metadata->Topics[t];
            string name = Text(topic.Name);
            for (int p = 0; topics.Contains(name) && p < topic.PartitionCount; p++)
            {
                partitions.Add(new TopicPartition(name, topic.Partitions[p].Id));
            }
        }

        rd_kafka_metadata_destroy(metadata);
        partitions.Sort();
        return KafkaError.None;
    }

    public unsafe int TryOffsetForTime(TopicPartition partition, long timestampMillis, int timeoutMillis, out long offset)
    {
        using var list = new PartitionList([new(partition, timestampMillis)]);
        int code = rd_kafka_offsets_for_times(Handle, list.Pointer, timeoutMillis);
        offset = list.Pointer->Entries[0].Offset;
        return code != KafkaError.None ? code : list.Pointer->Entries[0].Error;
    }
}

/// <summary>A rd_kafka_topic_partition_list_t for the time of one call.</summary>
internal sealed unsafe class PartitionList : IDisposable
{
    public PartitionList(IReadOnlyList<KeyValuePair<TopicPartition, long>> positions)
    {
        Pointer = rd_kafka_topic_partition_list_new(positions.Count);
        foreach ((TopicPartition partition, long offset) in positions)
        {
            rd_kafka_topic_partition_list_add(Pointer, partition.Topic, partition.Partition)->Offset = offset;
        }
    }

    public TopicPartitionList* Pointer { get; }

    public static TopicPartition[] Read(TopicPartitionList* list)
    {
        var partitions = new TopicPartition[list == null ? 0 : list->Count];
        for (int i = 0; i < partitions.Length; i++)
        {
            partitions[i] = new TopicPartition(Text(list->Entries[i].Topic), list->Entries[i].Partition);
        }

        Array.Sort(partitions);
        return partitions;
    }

    public void Dispose() => rd_kafka_topic_partition_list_destroy(Pointer);
}
