using System.Runtime.InteropServices;
using static Lakehouse.Kafka.Librdkafka;

namespace Lakehouse.Kafka;

/// <summary>Topic ids through DescribeTopics, which librdkafka has from 2.3 on; an older one gives none.</summary>
internal static unsafe class TopicIds
{
    private static readonly nint CollectionNew = FindExport("rd_kafka_TopicCollection_of_topic_names");
    private static readonly nint CollectionDestroy = FindExport("rd_kafka_TopicCollection_destroy");
    private static readonly nint Describe = FindExport("rd_kafka_DescribeTopics");
    private static readonly nint Result = FindExport("rd_kafka_event_DescribeTopics_result");
    private static readonly nint ResultTopics = FindExport("rd_kafka_DescribeTopics_result_topics");
    private static readonly nint TopicName = FindExport("rd_kafka_TopicDescription_name");
    private static readonly nint TopicError = FindExport("rd_kafka_TopicDescription_error");
    private static readonly nint TopicId = FindExport("rd_kafka_TopicDescription_topic_id");
    private static readonly nint IdText = FindExport("rd_kafka_Uuid_base64str");

    public static int TryAsk(KafkaClient client, IReadOnlyList<string> topics, Dictionary<string, string> ids, int timeoutMillis)
    {
        if (Describe == 0 || IdText == 0)
        {
            return KafkaError.None;
        }

        nint* names = stackalloc nint[topics.Count];
        for (int i = 0; i < topics.Count; i++)
        {
            names[i] = Marshal.StringToCoTaskMemUTF8(topics[i]);
        }

        nint collection = ((delegate* unmanaged<nint*, nuint, nint>)CollectionNew)(names, (nuint)topics.Count);
        using QueueHandle queue = rd_kafka_queue_new(client.Handle);
        ((delegate* unmanaged<nint, nint, nint, nint, void>)Describe)(
            client.Handle.DangerousGetHandle(), collection, 0, queue.DangerousGetHandle());
        nint answer = rd_kafka_queue_poll(queue, timeoutMillis);
        ((delegate* unmanaged<nint, void>)CollectionDestroy)(collection);
        for (int i = 0; i < topics.Count; i++)
        {
            Marshal.FreeCoTaskMem(names[i]);
        }

        if (answer == 0)
        {
            return KafkaError.TimedOut;
        }

        int code = rd_kafka_event_error(answer);
        if (code == KafkaError.None)
        {
            Read(((delegate* unmanaged<nint, nint>)Result)(answer), ids);
        }

        rd_kafka_event_destroy(answer);
        return code;
    }

    private static void Read(nint result, Dictionary<string, string> ids)
    {
        nuint count;
        nint* topics = ((delegate* unmanaged<nint, nuint*, nint*>)ResultTopics)(result, &count);
        for (nuint i = 0; i < count; i++)
        {
            nint error = ((delegate* unmanaged<nint, nint>)TopicError)(topics[i]);
            if (error == 0 || rd_kafka_error_code(error) == KafkaError.None)
            {
                nint id = ((delegate* unmanaged<nint, nint>)TopicId)(topics[i]);
                ids[Text(((delegate* unmanaged<nint, nint>)TopicName)(topics[i]))] = Text(((delegate* unmanaged<nint, nint>)IdText)(id));
            }
        }
    }
}
