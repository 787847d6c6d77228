using System.Runtime.InteropServices;
using static Lakehouse.Kafka.Librdkafka;

namespace Lakehouse.Kafka;

/// <summary>
/// Sends messages, for the demo and for tests; with a transactional id in its properties (<c>transactional.id</c>) also transactions.
/// For one thread. A message that the brokers refuse fails the next call.
/// </summary>
public sealed class KafkaProducer : IDisposable
{
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(60);
    private const int StepMillis = 50;
    private const int TransactionTimeoutMillis = 60_000;
    private readonly Dictionary<string, nint> _topicNames = [];
    private readonly KafkaClient _client;
    private readonly QueueHandle _mainQueue;
    private readonly TimeProvider _time;
    private KafkaException? _failure;
    private KafkaException? _lastError;

    /// <summary>Makes the client. Properties are librdkafka's; <see cref="KafkaException"/> for bad ones.</summary>
    public KafkaProducer(string bootstrapServers, IReadOnlyDictionary<string, string> properties, TimeProvider time)
    {
        _time = time;
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client.id"] = "lakehouse",
            ["enable.idempotence"] = "true",
            ["linger.ms"] = "20",
        };
        foreach ((string name, string value) in properties)
        {
            all[name] = value;
        }

        all["bootstrap.servers"] = bootstrapServers;
        all["delivery.report.only.error"] = "true";
        all["log.queue"] = "true";
        _client = new KafkaClient(ProducerType, all, EventDeliveryReport | EventLog | EventError, time);
        KafkaError.ThrowIfAny(rd_kafka_set_log_queue(_client.Handle, 0), "No log");
        _mainQueue = rd_kafka_queue_get_main(_client.Handle);
    }

    /// <summary>Messages accepted and not yet acknowledged.</summary>
    public int PendingCount => rd_kafka_outq_len(_client.Handle);

    /// <summary>
    /// Hands over a message (copied). False when the local queue is full: try again a little later. A null value is a tombstone.
    /// </summary>
    public unsafe bool TryProduce(
        TopicPartition partition, ReadOnlySpan<byte> key, bool keyIsNull, ReadOnlySpan<byte> value, bool valueIsNull, long timestampMillis)
    {
        DrainEvents();
        fixed (byte* keyBytes = key, valueBytes = value)
        {
            byte nothing = 0; // A span of no bytes has no address, yet an empty value is not a tombstone.
            ProduceArgument* arguments = stackalloc ProduceArgument[6];
            arguments[0] = new() { Tag = ProduceArgument.TopicTag, Pointer = (void*)TopicName(partition.Topic) };
            arguments[1] = new() { Tag = ProduceArgument.PartitionTag, Integer = partition.Partition };
            arguments[2] = new() { Tag = ProduceArgument.FlagsTag, Integer = ProduceCopyFlag };
            arguments[3] = new() { Tag = ProduceArgument.TimestampTag, Number = timestampMillis };
            arguments[4] = new()
            {
                Tag = ProduceArgument.KeyTag,
                Pointer = keyIsNull ? null : keyBytes == null ? &nothing : keyBytes,
                Size = (nuint)key.Length,
            };
            arguments[5] = new()
            {
                Tag = ProduceArgument.ValueTag,
                Pointer = valueIsNull ? null : valueBytes == null ? &nothing : valueBytes,
                Size = (nuint)value.Length,
            };
            nint error = rd_kafka_produceva(_client.Handle, arguments, 6);
            if (error != 0 && rd_kafka_error_code(error) == KafkaError.QueueFull)
            {
                rd_kafka_error_destroy(error);
                return false;
            }

            KafkaError.ThrowIfAny(error, $"Sending to {partition}");
            return true;
        }
    }

    /// <summary>Waits until every message is acknowledged. Throws <see cref="KafkaException"/> when one was refused.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        long start = _time.GetTimestamp();
        while (PendingCount > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_time.GetElapsedTime(start) > FlushTimeout)
            {
                throw KafkaError.Exception(
                    KafkaError.TimedOut, $"{PendingCount} messages were not acknowledged by {_client.BootstrapServers}", _lastError?.Message);
            }

            _ = rd_kafka_flush(_client.Handle, StepMillis); // Only wakes the senders: reports of failures come as events.
            DrainEvents();
            await Task.Yield();
        }

        DrainEvents();
    }

    /// <summary>Prepares for transactions and fences earlier producers with the same transactional id.</summary>
    public void InitTransactions() =>
        KafkaError.ThrowIfAny(rd_kafka_init_transactions(_client.Handle, TransactionTimeoutMillis), "Preparing transactions");

    /// <summary>Starts a transaction.</summary>
    public void BeginTransaction() => KafkaError.ThrowIfAny(rd_kafka_begin_transaction(_client.Handle), "Starting a transaction");

    /// <summary>Commits the transaction after flushing its messages.</summary>
    public async Task CommitTransactionAsync(CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        KafkaError.ThrowIfAny(rd_kafka_commit_transaction(_client.Handle, TransactionTimeoutMillis), "Committing a transaction");
    }

    /// <summary>Sends what is queued, so that it is in the log, and aborts the transaction.</summary>
    public async Task AbortTransactionAsync(CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        KafkaError.ThrowIfAny(rd_kafka_abort_transaction(_client.Handle, TransactionTimeoutMillis), "Aborting a transaction");
    }

    /// <summary>Lets go of the client. Messages that were not flushed may be lost.</summary>
    public void Dispose()
    {
        _mainQueue.Dispose();
        _client.Dispose();
        foreach (nint name in _topicNames.Values)
        {
            Marshal.FreeCoTaskMem(name);
        }

        _topicNames.Clear();
    }

    private nint TopicName(string topic)
    {
        if (!_topicNames.TryGetValue(topic, out nint name))
        {
            _topicNames.Add(topic, name = Marshal.StringToCoTaskMemUTF8(topic));
        }

        return name;
    }

    private void DrainEvents()
    {
        for (nint next = rd_kafka_queue_poll(_mainQueue, 0); next != 0; next = rd_kafka_queue_poll(_mainQueue, 0))
        {
            Take(next);
            rd_kafka_event_destroy(next);
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw failure;
        }
    }

    private unsafe void Take(nint next)
    {
        switch (rd_kafka_event_type(next))
        {
            case EventDeliveryReport:
                for (Message* message = rd_kafka_event_message_next(next); message != null; message = rd_kafka_event_message_next(next))
                {
                    if (message->Error != KafkaError.None)
                    {
                        _failure ??= KafkaError.Exception(message->Error, "A message was not accepted", _lastError?.Message);
                    }
                }

                break;
            case EventError:
                int code = rd_kafka_event_error(next);
                _lastError = KafkaError.Exception(code, $"Kafka at {_client.BootstrapServers}", Text(rd_kafka_event_error_string(next)));
                if (rd_kafka_event_error_is_fatal(next) != 0)
                {
                    _failure ??= _lastError;
                }

                break;
        }
    }
}
