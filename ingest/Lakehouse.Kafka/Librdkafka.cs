using System.Reflection;
using System.Runtime.InteropServices;

namespace Lakehouse.Kafka;

/// <summary>
/// The functions of librdkafka (rdkafka.h, rdkafka_mock.h; 2.0.2 is the floor) that are used here, as they are. Handles are safe handles,
/// messages are raw pointers because there are millions a second. Strings that librdkafka keeps come back as pointers.
/// </summary>
internal static unsafe partial class Librdkafka
{
    public const int ProducerType = 0;
    public const int ConsumerType = 1;
    public const int EventDeliveryReport = 0x1;
    public const int EventLog = 0x4;
    public const int EventError = 0x8;
    public const int EventRebalance = 0x10;
    public const int ErrorStringLength = 512;
    public const int ProduceCopyFlag = 0x2;
    public const int DestroyWithoutClose = 0x8;

    private const string Library = "librdkafka";
    private const int VersionFloor = 0x020002ff;

    static Librdkafka()
    {
        NativeLibrary.SetDllImportResolver(typeof(Librdkafka).Assembly, Resolve);
        Version = rd_kafka_version();
        if (Version < VersionFloor)
        {
            throw new KafkaException(
                $"librdkafka {Text(rd_kafka_version_str())} is too old: 2.0.2 or newer is needed. Install librdkafka1 or point " +
                "LAKEHOUSE_LIBRDKAFKA to a newer one.", "_NOT_IMPLEMENTED", isTransient: false);
        }
    }

    /// <summary>The version as 0xMMmmrrff.</summary>
    public static int Version { get; }

    /// <summary>A function that newer versions have, or null.</summary>
    public static nint FindExport(string name) => NativeLibrary.TryGetExport(Loaded.Value, name, out nint address) ? address : 0;

    public static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? "";

    private static readonly Lazy<nint> Loaded = new(Load);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == Library ? Loaded.Value : 0;

    /// <summary>The path in the environment, then a file delivered with us, then the system's library.</summary>
    private static nint Load()
    {
        string? chosen = Environment.GetEnvironmentVariable("LAKEHOUSE_LIBRDKAFKA");
        string[] candidates = string.IsNullOrEmpty(chosen)
            ? [
                Path.Combine(AppContext.BaseDirectory, "librdkafka.so.1"),
                Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", "librdkafka.so"),
                "librdkafka.so.1"]
            : [chosen];
        foreach (string candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, out nint handle))
            {
                return handle;
            }
        }

        throw new KafkaException(
            $"librdkafka was not found (looked for {string.Join(", ", candidates)}). Install the package librdkafka1, or set " +
            "LAKEHOUSE_LIBRDKAFKA to the path of librdkafka.so.1.", "_NOT_IMPLEMENTED", isTransient: false);
    }

    [LibraryImport(Library)] public static partial int rd_kafka_version();
    [LibraryImport(Library)] public static partial nint rd_kafka_version_str();
    [LibraryImport(Library)] public static partial nint rd_kafka_err2name(int error);
    [LibraryImport(Library)] public static partial nint rd_kafka_err2str(int error);
    [LibraryImport(Library)] public static partial int rd_kafka_last_error();
    [LibraryImport(Library)] public static partial void rd_kafka_mem_free(nint client, nint pointer);

    // rd_kafka_error_t: owned by whoever got it.
    [LibraryImport(Library)] public static partial int rd_kafka_error_code(nint error);
    [LibraryImport(Library)] public static partial nint rd_kafka_error_string(nint error);
    [LibraryImport(Library)] public static partial int rd_kafka_error_is_retriable(nint error);
    [LibraryImport(Library)] public static partial void rd_kafka_error_destroy(nint error);

    // Configuration. A conf belongs to the client once rd_kafka_new has succeeded.
    [LibraryImport(Library)] public static partial nint rd_kafka_conf_new();
    [LibraryImport(Library)] public static partial void rd_kafka_conf_destroy(nint conf);
    [LibraryImport(Library)] public static partial void rd_kafka_conf_set_events(nint conf, int events);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rd_kafka_conf_set(nint conf, string name, string value, byte* errorText, nuint errorTextSize);

    // The client.
    [LibraryImport(Library)] public static partial nint rd_kafka_new(int type, nint conf, byte* errorText, nuint errorTextSize);
    [LibraryImport(Library)] public static partial void rd_kafka_destroy_flags(nint client, int flags);
    [LibraryImport(Library)] public static partial int rd_kafka_set_log_queue(ClientHandle client, nint queue);
    [LibraryImport(Library)] public static partial nint rd_kafka_clusterid(ClientHandle client, int timeoutMillis);
    [LibraryImport(Library)] public static partial int rd_kafka_fatal_error(ClientHandle client, byte* errorText, nuint errorTextSize);
    [LibraryImport(Library)]
    public static partial int rd_kafka_metadata(ClientHandle client, int allTopics, nint onlyTopic, out Metadata* metadata, int timeoutMillis);
    [LibraryImport(Library)] public static partial void rd_kafka_metadata_destroy(Metadata* metadata);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rd_kafka_query_watermark_offsets(
        ClientHandle client, string topic, int partition, out long low, out long high, int timeoutMillis);
    [LibraryImport(Library)]
    public static partial int rd_kafka_offsets_for_times(ClientHandle client, TopicPartitionList* times, int timeoutMillis);

    // Lists of partitions.
    [LibraryImport(Library)] public static partial TopicPartitionList* rd_kafka_topic_partition_list_new(int size);
    [LibraryImport(Library)] public static partial void rd_kafka_topic_partition_list_destroy(TopicPartitionList* list);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial PartitionEntry* rd_kafka_topic_partition_list_add(TopicPartitionList* list, string topic, int partition);

    // Queues and events.
    [LibraryImport(Library)] public static partial QueueHandle rd_kafka_queue_get_main(ClientHandle client);
    [LibraryImport(Library)] public static partial QueueHandle rd_kafka_queue_get_consumer(ClientHandle client);
    [LibraryImport(Library)] public static partial QueueHandle rd_kafka_queue_new(ClientHandle client);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial QueueHandle rd_kafka_queue_get_partition(ClientHandle client, string topic, int partition);
    [LibraryImport(Library)] public static partial void rd_kafka_queue_forward(QueueHandle from, nint to);
    [LibraryImport(Library)] public static partial nuint rd_kafka_queue_length(QueueHandle queue);
    [LibraryImport(Library)] public static partial void rd_kafka_queue_destroy(nint queue);
    [LibraryImport(Library)] public static partial nint rd_kafka_queue_poll(QueueHandle queue, int timeoutMillis);
    [LibraryImport(Library)] public static partial int rd_kafka_event_type(nint queueEvent);
    [LibraryImport(Library)] public static partial int rd_kafka_event_error(nint queueEvent);
    [LibraryImport(Library)] public static partial nint rd_kafka_event_error_string(nint queueEvent);
    [LibraryImport(Library)] public static partial int rd_kafka_event_error_is_fatal(nint queueEvent);
    [LibraryImport(Library)]
    public static partial int rd_kafka_event_log(nint queueEvent, out nint facility, out nint text, out int level);
    [LibraryImport(Library)] public static partial TopicPartitionList* rd_kafka_event_topic_partition_list(nint queueEvent);
    [LibraryImport(Library)] public static partial Message* rd_kafka_event_message_next(nint queueEvent);
    [LibraryImport(Library)] public static partial void rd_kafka_event_destroy(nint queueEvent);

    // Consuming.
    [LibraryImport(Library)] public static partial int rd_kafka_poll_set_consumer(ClientHandle client);
    [LibraryImport(Library)] public static partial int rd_kafka_subscribe(ClientHandle client, TopicPartitionList* topics);
    [LibraryImport(Library)] public static partial int rd_kafka_assign(ClientHandle client, TopicPartitionList* partitions);
    [LibraryImport(Library)] public static partial nint rd_kafka_incremental_assign(ClientHandle client, TopicPartitionList* partitions);
    [LibraryImport(Library)] public static partial nint rd_kafka_incremental_unassign(ClientHandle client, TopicPartitionList* partitions);
    [LibraryImport(Library)] public static partial int rd_kafka_assignment_lost(ClientHandle client);
    [LibraryImport(Library)] public static partial nint rd_kafka_rebalance_protocol(ClientHandle client);
    [LibraryImport(Library)] public static partial int rd_kafka_commit(ClientHandle client, TopicPartitionList* offsets, int isAsync);
    [LibraryImport(Library)] public static partial nint rd_kafka_consumer_close_queue(ClientHandle client, QueueHandle queue);
    [LibraryImport(Library)] public static partial int rd_kafka_consumer_closed(ClientHandle client);
    [LibraryImport(Library)]
    public static partial nint rd_kafka_consume_batch_queue(QueueHandle queue, int timeoutMillis, Message** messages, nuint size);
    [LibraryImport(Library)] public static partial void rd_kafka_message_destroy(Message* message);
    [LibraryImport(Library)] public static partial nint rd_kafka_message_errstr(Message* message);

    // Reads two fields: too short for a transition of the garbage collector's mode to be worth it.
    [LibraryImport(Library), SuppressGCTransition] public static partial long rd_kafka_message_timestamp(Message* message, int* type);

    // Producing.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rd_kafka_topic_new(ClientHandle client, string topic, nint conf);
    [LibraryImport(Library)] public static partial void rd_kafka_topic_destroy(nint topic);
    [LibraryImport(Library)] public static partial nint rd_kafka_produceva(ClientHandle client, ProduceArgument* arguments, nuint count);
    [LibraryImport(Library)] public static partial int rd_kafka_flush(ClientHandle client, int timeoutMillis);
    [LibraryImport(Library)] public static partial int rd_kafka_outq_len(ClientHandle client);
    [LibraryImport(Library)] public static partial nint rd_kafka_init_transactions(ClientHandle client, int timeoutMillis);
    [LibraryImport(Library)] public static partial nint rd_kafka_begin_transaction(ClientHandle client);
    [LibraryImport(Library)] public static partial nint rd_kafka_commit_transaction(ClientHandle client, int timeoutMillis);
    [LibraryImport(Library)] public static partial nint rd_kafka_abort_transaction(ClientHandle client, int timeoutMillis);

    // Administration. Requests are arrays of owned structures, results belong to their event.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rd_kafka_NewTopic_new(string topic, int partitions, int replicas, byte* errorText, nuint errorTextSize);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rd_kafka_NewTopic_set_config(nint topic, string name, string value);
    [LibraryImport(Library)] public static partial void rd_kafka_NewTopic_destroy(nint topic);
    [LibraryImport(Library)]
    public static partial void rd_kafka_CreateTopics(ClientHandle client, nint* topics, nuint count, nint options, QueueHandle queue);
    [LibraryImport(Library)] public static partial nint rd_kafka_event_CreateTopics_result(nint queueEvent);
    [LibraryImport(Library)] public static partial nint* rd_kafka_CreateTopics_result_topics(nint result, out nuint count);
    [LibraryImport(Library)] public static partial int rd_kafka_topic_result_error(nint topicResult);
    [LibraryImport(Library)] public static partial nint rd_kafka_topic_result_error_string(nint topicResult);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial nint rd_kafka_DeleteTopic_new(string topic);
    [LibraryImport(Library)] public static partial void rd_kafka_DeleteTopic_destroy(nint topic);
    [LibraryImport(Library)]
    public static partial void rd_kafka_DeleteTopics(ClientHandle client, nint* topics, nuint count, nint options, QueueHandle queue);
    [LibraryImport(Library)] public static partial nint rd_kafka_event_DeleteTopics_result(nint queueEvent);
    [LibraryImport(Library)] public static partial nint* rd_kafka_DeleteTopics_result_topics(nint result, out nuint count);
    [LibraryImport(Library)] public static partial nint rd_kafka_DeleteRecords_new(TopicPartitionList* beforeOffsets);
    [LibraryImport(Library)] public static partial void rd_kafka_DeleteRecords_destroy(nint records);
    [LibraryImport(Library)]
    public static partial void rd_kafka_DeleteRecords(ClientHandle client, nint* records, nuint count, nint options, QueueHandle queue);
    [LibraryImport(Library)] public static partial nint rd_kafka_event_DeleteRecords_result(nint queueEvent);
    [LibraryImport(Library)] public static partial TopicPartitionList* rd_kafka_DeleteRecords_result_offsets(nint result);

    // The mock cluster.
    [LibraryImport(Library)] public static partial nint rd_kafka_mock_cluster_new(ClientHandle client, int brokers);
    [LibraryImport(Library)] public static partial void rd_kafka_mock_cluster_destroy(nint cluster);
    [LibraryImport(Library)] public static partial nint rd_kafka_mock_cluster_bootstraps(nint cluster);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rd_kafka_mock_topic_create(nint cluster, string topic, int partitions, int replicas);

    /// <summary>rd_kafka_message_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public int Error;
        public nint Topic;
        public int Partition;
        public byte* Payload;
        public nuint PayloadLength;
        public byte* Key;
        public nuint KeyLength;
        public long Offset;
        public nint Private;
    }

    /// <summary>rd_kafka_topic_partition_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PartitionEntry
    {
        public nint Topic;
        public int Partition;
        public long Offset;
        public nint Metadata;
        public nuint MetadataSize;
        public nint Opaque;
        public int Error;
        public nint Private;
    }

    /// <summary>rd_kafka_topic_partition_list_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TopicPartitionList
    {
        public int Count;
        public int Size;
        public PartitionEntry* Entries;
    }

    /// <summary>rd_kafka_metadata_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Metadata
    {
        public int BrokerCount;
        public nint Brokers;
        public int TopicCount;
        public MetadataTopic* Topics;
        public int OriginBrokerId;
        public nint OriginBrokerName;
    }

    /// <summary>rd_kafka_metadata_topic_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MetadataTopic
    {
        public nint Name;
        public int PartitionCount;
        public MetadataPartition* Partitions;
        public int Error;
    }

    /// <summary>rd_kafka_metadata_partition_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MetadataPartition
    {
        public int Id;
        public int Error;
        public int Leader;
        public int ReplicaCount;
        public nint Replicas;
        public int InSyncCount;
        public nint InSync;
    }

    /// <summary>rd_kafka_vu_t: one argument of produceva, a tag and a union of 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    public struct ProduceArgument
    {
        public const int TopicTag = 1;
        public const int PartitionTag = 3;
        public const int ValueTag = 4;
        public const int KeyTag = 5;
        public const int FlagsTag = 7;
        public const int TimestampTag = 8;

        [FieldOffset(0)] public int Tag;
        [FieldOffset(8)] public long Number;
        [FieldOffset(8)] public int Integer;
        [FieldOffset(8)] public void* Pointer;
        [FieldOffset(16)] public nuint Size;
    }
}
