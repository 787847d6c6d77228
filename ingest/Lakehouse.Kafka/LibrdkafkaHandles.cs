using Microsoft.Win32.SafeHandles;

namespace Lakehouse.Kafka;

/// <summary>A rd_kafka_t. Consumers are closed by their owner first: destroying never waits for the group.</summary>
internal sealed class ClientHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    public static ClientHandle Own(nint client)
    {
        var handle = new ClientHandle();
        handle.SetHandle(client);
        return handle;
    }

    protected override bool ReleaseHandle()
    {
        Librdkafka.rd_kafka_destroy_flags(handle, Librdkafka.DestroyWithoutClose);
        return true;
    }
}

/// <summary>A reference to a rd_kafka_queue_t. All of them must be released before their client.</summary>
internal sealed class QueueHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        Librdkafka.rd_kafka_queue_destroy(handle);
        return true;
    }
}
