using System.Runtime.InteropServices;
using static Lakehouse.Kafka.Librdkafka;

namespace Lakehouse.Kafka;

/// <summary>
/// One assigned partition's own queue of fetched messages. Reading a partition is choosing its queue: nothing that was fetched for
/// another is thrown away, as pausing would. A lock makes a poll and the partition's removal safe against each other.
/// </summary>
internal sealed unsafe class PartitionQueue : IDisposable
{
    private const int ChunkRecordCountMax = 1024;
    private const int ChunkByteCountTarget = 1 << 20;
    private const int BatchByteCountTarget = 4 << 20;
    private static readonly delegate* unmanaged<Message*, int> LeaderEpochOf =
        (delegate* unmanaged<Message*, int>)FindExport("rd_kafka_message_leader_epoch");

    private readonly Lock _gate = new();
    private readonly QueueHandle _queue;
    private readonly nint* _messages = (nint*)NativeMemory.Alloc(ChunkRecordCountMax, (nuint)sizeof(nint));
    private long _nextOffset;
    private int _averageRecordBytes = 1024;
    private int _failure;
    private string _failureText = "";
    private bool _isClosed;

    /// <summary>Takes the queue out of the consumer's common one; to be made before the partition is assigned.</summary>
    public PartitionQueue(ClientHandle client, TopicPartition partition, long offset)
    {
        Partition = partition;
        _nextOffset = offset;
        _queue = rd_kafka_queue_get_partition(client, partition.Topic, partition.Partition);
        Invariant.Holds(!_queue.IsInvalid, "a consumer has a queue for every partition");
        rd_kafka_queue_forward(_queue, 0);
    }

    public TopicPartition Partition { get; }

    /// <summary>True when a poll would find something.</summary>
    public bool HasMessages
    {
        get
        {
            lock (_gate)
            {
                return _failure != KafkaError.None || (!_isClosed && rd_kafka_queue_length(_queue) > 0);
            }
        }
    }

    /// <summary>
    /// The next messages, or null. An error behind messages waits for the next call: then <paramref name="failure"/> is its code and
    /// <paramref name="offset"/> where it happened.
    /// </summary>
    public RawBatch? Poll(int recordCountMax, out int failure, out string failureText, out long offset)
    {
        lock (_gate)
        {
            RawBatch? batch = null;
            while (!_isClosed && _failure == KafkaError.None)
            {
                int room = Math.Min(recordCountMax - (batch?.Count ?? 0), Math.Clamp(ChunkByteCountTarget / _averageRecordBytes, 1, ChunkRecordCountMax));
                int count = room <= 0 ? 0 : (int)rd_kafka_consume_batch_queue(_queue, 0, (Message**)_messages, (nuint)room);
                if (count <= 0)
                {
                    break;
                }

                batch ??= new RawBatch(Partition, Math.Min(recordCountMax, 16 * ChunkRecordCountMax), ByteCapacity(recordCountMax));
                CopyAndDestroy(batch, count);
                if (count < room || batch.ByteCount >= BatchByteCountTarget)
                {
                    break;
                }
            }

            if (batch is not null && batch.Count == 0 && !batch.ReachedEnd)
            {
                batch.Dispose();
                batch = null;
            }

            (failure, failureText, offset) = batch is null ? (_failure, _failureText, _nextOffset) : (KafkaError.None, "", _nextOffset);
            if (batch is null)
            {
                _failure = KafkaError.None;
            }

            return batch;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _queue.Dispose();
                NativeMemory.Free(_messages);
            }
        }
    }

    private int ByteCapacity(int recordCountMax) =>
        (int)Math.Min((long)recordCountMax * _averageRecordBytes, BatchByteCountTarget + (BatchByteCountTarget / 2));

    private void CopyAndDestroy(RawBatch batch, int count)
    {
        int bytesBefore = batch.ByteCount;
        int recordsBefore = batch.Count;
        for (int i = 0; i < count; i++)
        {
            var message = (Message*)_messages[i];
            if (message->Error == KafkaError.None)
            {
                Invariant.Holds(message->Offset >= _nextOffset, "messages come in offset order");
                batch.Add(
                    message->Offset,
                    rd_kafka_message_timestamp(message, null),
                    new ReadOnlySpan<byte>(message->Key, (int)message->KeyLength),
                    message->Key == null,
                    new ReadOnlySpan<byte>(message->Payload, (int)message->PayloadLength),
                    message->Payload == null);
                _nextOffset = message->Offset + 1;
                batch.ReachedEnd = false; // The end that was reported has moved on.
                if (i == count - 1 && LeaderEpochOf != null)
                {
                    batch.LeaderEpoch = LeaderEpochOf(message);
                }
            }
            else
            {
                Note(batch, message);
            }

            rd_kafka_message_destroy(message);
        }

        if (batch.Count > recordsBefore)
        {
            _averageRecordBytes = Math.Max((batch.ByteCount - bytesBefore) / (batch.Count - recordsBefore), 1);
        }
    }

    /// <summary>The end of the partition, whose offset lies behind all markers and holes, or an error.</summary>
    private void Note(RawBatch batch, Message* message)
    {
        if (message->Error == KafkaError.PartitionEnd)
        {
            _nextOffset = Math.Max(_nextOffset, message->Offset);
            batch.NextOffset = _nextOffset;
            batch.ReachedEnd = true;
        }
        else
        {
            _failure = message->Error;
            _failureText = Text(rd_kafka_message_errstr(message));
        }
    }
}
