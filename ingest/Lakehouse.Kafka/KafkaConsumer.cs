using System.Collections.Concurrent;
using static Lakehouse.Kafka.Librdkafka;

namespace Lakehouse.Kafka;

/// <summary>
/// <see cref="IKafkaConsumer"/> on librdkafka. No managed code is called back: the client's main queue is polled for rebalances, errors
/// and log lines by <see cref="PollGroupAsync"/>, and every assigned partition has a queue of its own. All members are thread safe, save
/// that the group's events are for one caller.
/// </summary>
public sealed class KafkaConsumer : IKafkaConsumer
{
    private static readonly TimeSpan WaitStep = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Before 2.3 a cooperative member that was never assigned anything aborts the process when it is destroyed.</summary>
    private const int DestroysUnassignedVersion = 0x02030000;
    private const int LeaveStepMillis = 50;
    private const int WatermarkTimeoutMillis = 5000;

    private readonly ConcurrentDictionary<TopicPartition, PartitionQueue> _queues = new();
    private readonly Queue<GroupEvent> _groupEvents = new();
    private readonly Lock _eventGate = new();
    private readonly KafkaClient _client;
    private readonly QueueHandle _mainQueue;
    private readonly TimeProvider _time;
    private readonly Action<string>? _log;
    private readonly string _group;
    private readonly string? _instanceId;
    private readonly bool _isCooperative;
    private volatile KafkaException? _lastError;
    private KafkaException? _permanentError;
    private bool _awaitsFirstAssignment;

    /// <summary>A rebalance was taken, or is queued to be taken, and neither assigned nor unassigned yet: the group waits for that.</summary>
    private volatile bool _owesAnswer;
    private bool _isDisposed;

    /// <summary>Makes the client; brokers are connected to in the background. Throws <see cref="KafkaException"/> for bad properties.</summary>
    public KafkaConsumer(KafkaConsumerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _time = time;
        _log = options.Log;
        (_group, _instanceId) = (options.Group, options.InstanceId);
        Dictionary<string, string> properties = options.ToProperties();
        _isCooperative = properties["partition.assignment.strategy"].Contains("cooperative", StringComparison.Ordinal);
        _client = new KafkaClient(ConsumerType, properties, EventLog | EventError | EventRebalance, time);
        KafkaError.ThrowIfAny(rd_kafka_poll_set_consumer(_client.Handle), "No consumer");
        KafkaError.ThrowIfAny(rd_kafka_set_log_queue(_client.Handle, 0), "No log");
        _mainQueue = rd_kafka_queue_get_consumer(_client.Handle);
    }

    /// <inheritdoc/>
    public KafkaException? LastError => _lastError;

    /// <inheritdoc/>
    public async Task<ClusterDescription> DescribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(topics);
        var partitions = new List<TopicPartition>();
        await AskAsync("Listing topics", timeout => _client.TryListPartitions(topics, partitions, timeout), cancellation);
        string[] missing = [.. topics.Where(topic => !partitions.Exists(partition => partition.Topic == topic))];
        if (missing.Length > 0)
        {
            throw new KafkaException(
                $"Topic {string.Join(", ", missing)} does not exist at {_client.BootstrapServers}, or we may not see it: create it or " +
                "allow DESCRIBE and READ on it.", "UNKNOWN_TOPIC_OR_PART", isTransient: false);
        }

        string clusterId = "";
        await AskAsync("Asking for the cluster's id", timeout => (clusterId = _client.ClusterId(timeout)).Length > 0 ? 0 : KafkaError.TimedOut,
            cancellation);
        var ids = new Dictionary<string, string>();
        await AskAsync("Describing topics", timeout => TopicIds.TryAsk(_client, topics, ids, timeout), cancellation);
        return new ClusterDescription(clusterId, partitions, ids);
    }

    /// <inheritdoc/>
    public async Task<Watermarks> QueryWatermarksAsync(TopicPartition partition, CancellationToken cancellation)
    {
        Watermarks watermarks = default;
        await AskAsync($"Asking for the offsets of {partition}", timeout => TryQueryWatermarks(partition, timeout, out watermarks), cancellation);
        return watermarks;
    }

    /// <inheritdoc/>
    public async Task<long> OffsetForTimeAsync(TopicPartition partition, DateTimeOffset time, CancellationToken cancellation)
    {
        long offset = -1;
        await AskAsync(
            $"Asking for an offset of {partition} by time",
            timeout => _client.TryOffsetForTime(partition, time.ToUnixTimeMilliseconds(), timeout, out offset),
            cancellation);
        return offset >= 0 ? offset : (await QueryWatermarksAsync(partition, cancellation)).High;
    }

    /// <inheritdoc/>
    public unsafe Task SubscribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(topics);
        using var list = new PartitionList([.. topics.Select(topic => KeyValuePair.Create(new TopicPartition(topic, -1), 0L))]);
        KafkaError.ThrowIfAny(rd_kafka_subscribe(_client.Handle, list.Pointer), $"Subscribing to {string.Join(", ", topics)}");
        _awaitsFirstAssignment = _isCooperative;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<GroupEvent?> PollGroupAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_eventGate)
        {
            DrainEvents();
            if (_permanentError is { } error)
            {
                throw new KafkaException(error.Message, error.Code, error.IsTransient, error);
            }

            return ValueTask.FromResult(_groupEvents.TryDequeue(out GroupEvent? next) ? next : null);
        }
    }

    /// <inheritdoc/>
    public unsafe Task AssignAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> positions, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(positions);
        foreach ((TopicPartition partition, long offset) in positions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            var queue = new PartitionQueue(_client.Handle, partition, offset);
            if (!_queues.TryAdd(partition, queue))
            {
                queue.Dispose();
                throw new InvalidOperationException($"{partition} is assigned already.");
            }
        }

        using var list = new PartitionList(positions);
        if (IsEager)
        {
            KafkaError.ThrowIfAny(rd_kafka_assign(_client.Handle, list.Pointer), "Assigning partitions");
        }
        else
        {
            // Also when there are none: the group waits for the answer.
            KafkaError.ThrowIfAny(rd_kafka_incremental_assign(_client.Handle, list.Pointer), "Assigning partitions");
        }

        _owesAnswer = false;

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public unsafe Task UnassignAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        foreach (TopicPartition partition in partitions)
        {
            if (_queues.TryRemove(partition, out PartitionQueue? queue))
            {
                queue.Dispose();
            }
        }

        if (IsEager)
        {
            Invariant.Holds(_queues.IsEmpty, "an eager group takes all partitions at once");
            KafkaError.ThrowIfAny(rd_kafka_assign(_client.Handle, null), "Unassigning partitions");
        }
        else
        {
            using var list = new PartitionList([.. partitions.Select(partition => KeyValuePair.Create(partition, 0L))]);
            KafkaError.ThrowIfAny(rd_kafka_incremental_unassign(_client.Handle, list.Pointer), "Unassigning partitions");
        }

        _owesAnswer = false;

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public RawBatch? Poll(TopicPartition partition, int recordCountMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(recordCountMax);
        if (!_queues.TryGetValue(partition, out PartitionQueue? queue))
        {
            throw new InvalidOperationException($"{partition} is not assigned.");
        }

        RawBatch? batch = queue.Poll(recordCountMax, out int failure, out string failureText, out long offset);
        if (batch is not null)
        {
            _lastError = null;
        }
        else if (failure is KafkaError.AutoOffsetReset or KafkaError.LogTruncation)
        {
            throw new OffsetOutOfRangeException(
                partition, offset, TryQueryWatermarks(partition, WatermarkTimeoutMillis, out Watermarks held) == 0 ? held : new(-1, -1));
        }
        else if (failure != KafkaError.None)
        {
            var error = KafkaError.Exception(failure, FormattableString.Invariant($"{partition} at offset {offset}"), failureText);
            _lastError = error.IsTransient ? error : throw error;
        }

        return batch;
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(IReadOnlyList<TopicPartition> partitions, TimeSpan atMost, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        long start = _time.GetTimestamp();
        while (!partitions.Any(partition => _queues.TryGetValue(partition, out PartitionQueue? queue) && queue.HasMessages)
            && _time.GetElapsedTime(start) < atMost)
        {
            await Task.Delay(WaitStep, _time, cancellation);
        }
    }

    /// <inheritdoc/>
    public unsafe Task MirrorOffsetsAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> offsets, CancellationToken cancellation)
    {
        using var list = new PartitionList(offsets);
        _ = rd_kafka_commit(_client.Handle, list.Pointer, isAsync: 1); // For lag tools only: a failure changes nothing.
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            foreach (PartitionQueue queue in _queues.Values)
            {
                queue.Dispose();
            }

            _queues.Clear();
            LeaveGroup();
            _mainQueue.Dispose();
            if (_awaitsFirstAssignment && Librdkafka.Version < DestroysUnassignedVersion)
            {
                _client.Abandon();
            }
            else
            {
                _client.Dispose();
            }
        }

        return ValueTask.CompletedTask;
    }

    private bool IsEager => Text(rd_kafka_rebalance_protocol(_client.Handle)) == "EAGER";

    private Task AskAsync(string what, Func<int, int> ask, CancellationToken cancellation) => _client.AskAsync(what, ask, () =>
    {
        lock (_eventGate)
        {
            DrainEvents();
            return _permanentError is { } error ? throw error : _lastError;
        }
    }, cancellation);

    private int TryQueryWatermarks(TopicPartition partition, int timeoutMillis, out Watermarks watermarks)
    {
        int code = rd_kafka_query_watermark_offsets(
            _client.Handle, partition.Topic, partition.Partition, out long low, out long high, timeoutMillis);
        watermarks = new Watermarks(low, high);
        return code;
    }

    private void DrainEvents()
    {
        for (nint next = rd_kafka_queue_poll(_mainQueue, 0); next != 0; next = rd_kafka_queue_poll(_mainQueue, 0))
        {
            try
            {
                Take(next);
            }
            finally
            {
                rd_kafka_event_destroy(next);
            }
        }
    }

    private void Take(nint next)
    {
        switch (rd_kafka_event_type(next))
        {
            case EventRebalance:
                TakeRebalance(next);
                break;
            case EventError:
                TakeError(next);
                break;
            case EventLog when _log is not null && rd_kafka_event_log(next, out nint facility, out nint text, out _) == 0:
                _log($"{Text(facility)}: {Text(text)}");
                break;
        }
    }

    /// <summary>What ends the membership for good behind the general code of a fatal error is asked for: it decides what to do.</summary>
    private unsafe void TakeError(nint next)
    {
        int code = rd_kafka_event_error(next);
        bool isFatal = rd_kafka_event_error_is_fatal(next) != 0;
        if (isFatal && rd_kafka_fatal_error(_client.Handle, null, 0) is var cause and not KafkaError.None)
        {
            code = cause;
        }

        KafkaException error = code == KafkaError.FencedInstance
            ? new KafkaException(
                $"another process has joined group '{_group}' at {_client.BootstrapServers} as '{_instanceId}', and of two with one name the "
                + "brokers keep the newer: give every worker an id of its own, or leave this one stopped.",
                KafkaError.Name(code), isTransient: false)
            : KafkaError.Exception(code, $"Kafka at {_client.BootstrapServers}", Text(rd_kafka_event_error_string(next)));
        _lastError = error;
        if (isFatal || KafkaError.IsPermanent(code))
        {
            _permanentError ??= new KafkaException(error.Message, error.Code, isTransient: false);
        }
    }

    /// <summary>
    /// Gives everything back, so that the others need not wait for the session to expire. A member with a name of its own keeps its place
    /// until then: that is what lets it restart without a rebalance. Bounded: a group that cannot be reached forgets us by itself.
    /// While closing, librdkafka (seen in 2.0.2) may throw away an assignment that nobody waited for together with the answer to it, and
    /// the call never returns: so an assignment is made exactly where one is owed.
    /// </summary>
    private unsafe void LeaveGroup()
    {
        long start = _time.GetTimestamp();
        using QueueHandle queue = rd_kafka_queue_new(_client.Handle);
        nint refused = rd_kafka_consumer_close_queue(_client.Handle, queue);
        if (refused != 0 && _permanentError is not null)
        {
            rd_kafka_error_destroy(refused); // Of a membership that has ended there is nothing to leave.
            return;
        }

        KafkaError.ThrowIfAny(refused, "Leaving the consumer group");
        if (_owesAnswer)
        {
            _ = rd_kafka_assign(_client.Handle, null); // A cooperative group, too, takes this answer now that it is closing.
        }

        while (rd_kafka_consumer_closed(_client.Handle) == 0 && _time.GetElapsedTime(start) < LeaveTimeout)
        {
            nint next = rd_kafka_queue_poll(queue, LeaveStepMillis);
            if (next != 0 && rd_kafka_event_type(next) == EventRebalance)
            {
                _ = rd_kafka_assign(_client.Handle, null);
            }

            if (next != 0)
            {
                rd_kafka_event_destroy(next);
            }
        }
    }

    private unsafe void TakeRebalance(nint next)
    {
        TopicPartition[] partitions = PartitionList.Read(rd_kafka_event_topic_partition_list(next));
        switch (rd_kafka_event_error(next))
        {
            case KafkaError.AssignPartitions:
                (_awaitsFirstAssignment, _owesAnswer) = (false, true);
                _groupEvents.Enqueue(new GroupEvent.Assigned(partitions));
                break;
            case KafkaError.RevokePartitions:
                _owesAnswer = true;
                _groupEvents.Enqueue(new GroupEvent.Revoked(partitions, rd_kafka_assignment_lost(_client.Handle) != 0));
                break;
            default:
                // The group could not agree; librdkafka tries again once it is told that nothing is assigned.
                _lastError = KafkaError.Exception(rd_kafka_event_error(next), "Joining the consumer group");
                KafkaError.ThrowIfAny(rd_kafka_assign(_client.Handle, null), "Unassigning partitions");
                break;
        }
    }
}
