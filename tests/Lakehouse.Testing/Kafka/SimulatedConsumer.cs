using Lakehouse.Kafka;

namespace Lakehouse.Testing;

/// <summary>
/// The consumer of one simulated process on a <see cref="SimulatedLog"/>. Batch sizes, and whether the end is told with the last messages
/// or after them, are drawn from the random source. <paramref name="intercept"/> is awaited with <c>before CALL</c> and <c>after CALL</c>
/// around every call to Kafka (a wait is none): it may throw (a crash, or a lost answer) or wait. Around <see cref="Poll"/> it must
/// complete at once.
/// </summary>
public sealed class SimulatedConsumer(
    SimulatedLog log, string group, string memberId, TimeProvider time, Random random, Func<string, Task>? intercept = null) : IKafkaConsumer
{
    private readonly Dictionary<TopicPartition, Position> _positions = [];
    private IReadOnlyList<string> _topics = [];
    private bool _isDead;

    /// <summary>The group's name.</summary>
    public string Group { get; } = group;

    /// <summary>The id of this member, stable over restarts of the simulated process.</summary>
    public string MemberId { get; } = memberId;

    /// <summary>What <see cref="IKafkaConsumer.LastError"/> says; set it to simulate brokers that are away.</summary>
    public KafkaException? LastError { get; set; }

    /// <summary>The process died without a word: every later call throws, and the group has noticed.</summary>
    public void Kill()
    {
        lock (log.Gate)
        {
            _isDead = true;
            log.Group(Group).Leave(this);
        }
    }

    /// <inheritdoc/>
    public Task<ClusterDescription> DescribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation) =>
        CallAsync("Describe", () => new ClusterDescription(
            log.ClusterId,
            [.. topics.SelectMany(log.PartitionsOf).Order()],
            topics.ToDictionary(topic => topic, log.TopicId)), cancellation);

    /// <inheritdoc/>
    public Task<Watermarks> QueryWatermarksAsync(TopicPartition partition, CancellationToken cancellation) =>
        CallAsync($"QueryWatermarks {partition}", () => log.At(partition).Watermarks, cancellation);

    /// <inheritdoc/>
    public Task<long> OffsetForTimeAsync(TopicPartition partition, DateTimeOffset time, CancellationToken cancellation) =>
        CallAsync($"OffsetForTime {partition}", () => log.At(partition).OffsetForTime(time.ToUnixTimeMilliseconds()), cancellation);

    /// <inheritdoc/>
    public Task SubscribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation) => CallAsync("Subscribe", () =>
    {
        _topics = topics;
        log.Group(Group).Join(this, topics);
        return true;
    }, cancellation);

    /// <inheritdoc/>
    public async ValueTask<GroupEvent?> PollGroupAsync(CancellationToken cancellation) =>
        await CallAsync("PollGroup", () => log.Group(Group).Poll(this), cancellation);

    /// <inheritdoc/>
    public Task AssignAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> positions, CancellationToken cancellation) =>
        CallAsync("Assign", () =>
        {
            foreach ((TopicPartition partition, long offset) in positions)
            {
                log.At(partition);
                _positions.Add(partition, new Position { Offset = offset });
            }

            return true;
        }, cancellation);

    /// <inheritdoc/>
    public Task UnassignAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancellation) => CallAsync("Unassign", () =>
    {
        foreach (TopicPartition partition in partitions)
        {
            _positions.Remove(partition);
        }

        log.Group(Group).GiveBack(this, partitions, _topics);
        return true;
    }, cancellation);

    /// <inheritdoc/>
    public RawBatch? Poll(TopicPartition partition, int recordCountMax)
    {
        InterceptNow($"before Poll {partition}");
        RawBatch? batch;
        lock (log.Gate)
        {
            ThrowIfDead();
            batch = Read(partition, recordCountMax);
        }

        InterceptNow($"after Poll {partition}");
        return batch;
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(IReadOnlyList<TopicPartition> partitions, TimeSpan atMost, CancellationToken cancellation)
    {
        bool isSomethingThere;
        lock (log.Gate)
        {
            ThrowIfDead();
            isSomethingThere = partitions.Any(partition => _positions.TryGetValue(partition, out Position? position)
                && (log.At(partition).Watermarks.High != position.Offset || position.EndReportedAt != position.Offset));
        }

        if (!isSomethingThere)
        {
            await Task.Delay(atMost, time, cancellation);
        }
    }

    /// <inheritdoc/>
    public Task MirrorOffsetsAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> offsets, CancellationToken cancellation) =>
        CallAsync("MirrorOffsets", () =>
        {
            foreach ((TopicPartition partition, long offset) in offsets)
            {
                log.Group(Group).MirroredOffsets[partition] = offset;
            }

            return true;
        }, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isDead)
        {
            return;
        }

        try
        {
            await (intercept?.Invoke("before Close") ?? Task.CompletedTask);
        }
        finally
        {
            // Whoever fails to say goodbye is missed soon.
            lock (log.Gate)
            {
                _isDead = true;
                log.Group(Group).Leave(this);
            }
        }

        await (intercept?.Invoke("after Close") ?? Task.CompletedTask);
    }

    private RawBatch? Read(TopicPartition partition, int recordCountMax)
    {
        if (!_positions.TryGetValue(partition, out Position? position))
        {
            throw new InvalidOperationException($"{partition} is not assigned.");
        }

        SimulatedPartition source = log.At(partition);
        Watermarks watermarks = source.Watermarks;
        if (position.Offset < watermarks.Low || position.Offset > watermarks.High)
        {
            throw new OffsetOutOfRangeException(partition, position.Offset, watermarks);
        }

        IReadOnlyList<SimulatedRecord> records = source.Read(position.Offset, random.Next(1, recordCountMax + 1));
        bool isEnd = source.Read(records.Count == 0 ? position.Offset : records[^1].Offset + 1, 1).Count == 0;
        bool tellsEnd = isEnd && position.EndReportedAt != watermarks.High && (records.Count == 0 || random.Next(2) == 0);
        if (records.Count == 0 && !tellsEnd)
        {
            return null;
        }

        var batch = new RawBatch(partition, records.Count, 1024);
        foreach (SimulatedRecord record in records)
        {
            batch.Add(record.Offset, record.TimestampMillis, record.Key, record.Key is null, record.Value, record.Value is null);
        }

        if (tellsEnd)
        {
            batch.ReachedEnd = true;
            batch.NextOffset = watermarks.High;
            position.EndReportedAt = watermarks.High;
        }

        batch.LeaderEpoch = 0;
        position.Offset = batch.NextOffset;
        return batch;
    }

    private async Task<T> CallAsync<T>(string call, Func<T> act, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (intercept is not null)
        {
            await intercept("before " + call);
        }

        T answer;
        lock (log.Gate)
        {
            ThrowIfDead();
            answer = act();
        }

        if (intercept is not null)
        {
            await intercept("after " + call);
        }

        return answer;
    }

    private void InterceptNow(string moment)
    {
        if (intercept?.Invoke(moment) is Task hooked)
        {
            if (!hooked.IsCompleted)
            {
                throw new InvalidOperationException("A hook around Poll must complete at once: Poll does not wait.");
            }

            hooked.GetAwaiter().GetResult();
        }
    }

    private void ThrowIfDead() => ObjectDisposedException.ThrowIf(_isDead, this);

    private sealed class Position
    {
        public long Offset { get; set; }

        public long EndReportedAt { get; set; } = -1;
    }
}
