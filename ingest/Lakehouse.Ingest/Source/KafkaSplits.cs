using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Kafka;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Ingest;

/// <summary>
/// The partitions of one worker, shared by its subtasks: one consumer, one member of the group. Partitions that the group gives are dealt
/// to subtasks in their order; where each begins is what the table's ledger says at that moment (<see cref="StartDecision"/> for those that
/// it does not know). Partitions that the group takes are first committed: nobody reads them any more, a checkpoint is asked for, and only
/// after its commit are they given back. If that takes too long the run ends: they are given back without, and read again by their
/// next owner. Thread safe.
/// </summary>
internal sealed class KafkaSplits(
    PipelineDefinition pipeline,
    IKafkaConsumer consumer,
    Ledger ledger,
    Func<CancellationToken, Task<Ledger>> readLedger,
    TimeSpan giveBackWithin,
    TimeProvider time,
    ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan GroupPollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan OthersLookInterval = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<TopicPartition, long> _positions = [];
    private readonly Dictionary<TopicPartition, long> _endOffsets = [];
    private readonly Dictionary<TopicPartition, long> _jumpedFrom = [];
    private readonly List<SplitState> _assigned = [];
    private List<SplitState>[] _dealt = [];
    private ImmutableArray<OffsetRange> _starts = [];
    private IReadOnlyDictionary<string, string> _topicIds = ImmutableDictionary<string, string>.Empty;
    private volatile bool _isAssigned;
    private volatile bool _othersAreCaughtUp;
    private (IReadOnlyList<TopicPartition> Partitions, Task Committed)? _givingBack;
    private long _lastGroupPoll;
    private long? _lastOthersLook;
    private bool _isSubscribed;
    private int _pumping;

    internal IKafkaConsumer Consumer { get; } = consumer;

    internal string ClusterId { get; private set; } = "";

    internal string Pipeline => pipeline.Name;

    /// <summary>The history epoch of the ledger that reading continues.</summary>
    internal long HistoryEpoch => ledger.HistoryEpoch;

    /// <summary>Whether the group has said what is ours, and is not about to change it.</summary>
    internal bool IsSettled => _isAssigned;

    /// <summary>
    /// Whether the table holds, up to the ends seen at start, the partitions that are not ours: another worker has read them, or they become
    /// ours when the group gives up on it. As of the last look, which a bounded run takes every second.
    /// </summary>
    internal bool OthersAreCaughtUp => _othersAreCaughtUp;

    /// <summary>
    /// Reads the facts and decides where every partition begins. Throws <see cref="DataLossException"/> unless the pipeline chose to go on.
    /// </summary>
    /// <returns>How many subtasks there is work for.</returns>
    internal async Task<int> OpenAsync(int subtaskCountMax, CancellationToken cancellation)
    {
        ClusterDescription cluster = await Consumer.DescribeAsync(pipeline.Source.Topics, cancellation);
        var watermarks = new Dictionary<TopicPartition, Watermarks>();
        var resolved = new Dictionary<TopicPartition, long>();
        foreach (TopicPartition partition in cluster.Partitions)
        {
            Watermarks held = await Consumer.QueryWatermarksAsync(partition, cancellation);
            watermarks[partition] = held;
            _endOffsets[partition] = held.High;
            resolved[partition] = pipeline.Source.Start switch
            {
                StartPosition.Latest => held.High,
                StartPosition.At at => await Consumer.OffsetForTimeAsync(partition, at.Time, cancellation),
                _ => held.Low,
            };
        }

        SplitStarts starts = StartDecision.Decide(new StartFacts(pipeline.Name, cluster, ledger, watermarks, resolved));
        if (!starts.Losses.IsEmpty && pipeline.Source.OnDataLoss == OnDataLoss.Fail)
        {
            throw new DataLossException(pipeline.Name, starts.Losses);
        }

        foreach (string loss in starts.Losses)
        {
            IngestLog.DataLost(log, pipeline.Name, loss);
        }

        ClusterId = cluster.ClusterId;
        _topicIds = cluster.TopicIds;
        var moved = ImmutableArray.CreateBuilder<OffsetRange>();
        foreach ((TopicPartition partition, SplitStart start) in starts.Splits)
        {
            _positions[partition] = start.Position;
            if (start.JumpedFrom is { } from)
            {
                _jumpedFrom[partition] = from;
            }

            if (!start.IsInLedger || start.JumpedFrom is not null)
            {
                moved.Add(new OffsetRange(
                    new LedgerKey(pipeline.Name, ClusterId, partition.Topic, partition.Partition), start.Position, start.Position, -1,
                    TopicId(partition.Topic), 0, 0, 0, 0, 0, null, null) { JumpedFrom = start.JumpedFrom });
            }
        }

        _starts = moved.ToImmutable();
        int subtaskCount = Math.Clamp(cluster.Partitions.Count, 1, subtaskCountMax);
        _dealt = [.. Enumerable.Range(0, subtaskCount).Select(_ => new List<SplitState>())];
        return subtaskCount;
    }

    internal string? TopicId(string topic) => _topicIds.GetValueOrDefault(topic);

    /// <summary>Positions that the table does not know yet; told once, to the first snapshot.</summary>
    internal ImmutableArray<OffsetRange> TakeStarts()
    {
        lock (_gate)
        {
            ImmutableArray<OffsetRange> starts = _starts;
            _starts = [];
            return starts;
        }
    }

    /// <summary>Partitions newly dealt to a subtask.</summary>
    internal void TakeDealt(int subtask, List<SplitState> into)
    {
        lock (_gate)
        {
            into.AddRange(_dealt[subtask]);
            _dealt[subtask].Clear();
        }
    }

    /// <summary>Lets the group speak. Any subtask may call it at any time; one at a time does the work.</summary>
    internal async ValueTask PumpAsync(SourceContext context, CancellationToken cancellation)
    {
        if (Interlocked.CompareExchange(ref _pumping, 1, 0) != 0)
        {
            return;
        }

        try
        {
            if (!_isSubscribed)
            {
                await Consumer.SubscribeAsync(pipeline.Source.Topics, cancellation);
                _isSubscribed = true;
            }
            else if (time.GetElapsedTime(_lastGroupPoll) < GroupPollInterval && _givingBack is null)
            {
                return;
            }

            await GiveBackWhenCommittedAsync(cancellation);
            await LookAtOthersAsync(context.Mode, cancellation);
            _lastGroupPoll = time.GetTimestamp();
            switch (await Consumer.PollGroupAsync(cancellation))
            {
                case GroupEvent.Assigned assigned:
                    await TakeOverAsync(assigned.Partitions, cancellation);
                    break;
                case GroupEvent.Revoked { Lost: true } lost:
                    // Other subtasks may be reading them right now: leaving the group, when all have ended, gives them back.
                    Revoke(lost.Partitions);
                    throw new SplitsLostException($"the group took {lost.Partitions.Count} partitions from this worker without waiting for "
                        + "its commit, because it was paused, cut off or busy for longer than session.timeout.ms or max.poll.interval.ms"
                        + (Consumer.LastError is { } last ? $" ({last.Message})" : "") + "; joining again from the table.");
                case GroupEvent.Revoked revoked:
                    // First nobody reads them any more, then the checkpoint: all that was read of them lies before its barrier.
                    Revoke(revoked.Partitions);
                    _givingBack = (revoked.Partitions, context.RequestCheckpointAsync(new CheckpointDeadline(giveBackWithin,
                        $"the group takes {revoked.Partitions.Count} partitions back, and what was read of them was not committed within "
                        + $"{giveBackWithin}; giving them back as they are and joining again from the table.")));
                    IngestLog.Revoked(log, pipeline.Name, revoked.Partitions.Count, giveBackWithin);
                    break;
                default:
                    break;
            }
        }
        finally
        {
            Volatile.Write(ref _pumping, 0);
        }
    }

    public ValueTask DisposeAsync() => Consumer.DisposeAsync();

    private void Revoke(IReadOnlyList<TopicPartition> partitions)
    {
        _isAssigned = false;
        lock (_gate)
        {
            foreach (SplitState split in _assigned)
            {
                split.IsRevoked |= partitions.Contains(split.Partition);
            }

            _assigned.RemoveAll(static split => split.IsRevoked);
        }
    }

    private async Task GiveBackWhenCommittedAsync(CancellationToken cancellation)
    {
        if (_givingBack is not { Committed.IsCompleted: true } givingBack)
        {
            return;
        }

        await givingBack.Committed;
        await Consumer.UnassignAsync(givingBack.Partitions, cancellation);
        _givingBack = null;
    }

    private async Task TakeOverAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancellation)
    {
        TopicPartition[] sorted = [.. partitions.Order()];
        var positions = new List<KeyValuePair<TopicPartition, long>>(sorted.Length);
        if (sorted.Length > 0)
        {
            // Since the start, or between two assignments, another worker may have read and committed them.
            await RefreshPositionsAsync(cancellation);
        }

        foreach (TopicPartition partition in sorted)
        {
            bool isKnown;
            long position;
            lock (_gate)
            {
                isKnown = _positions.TryGetValue(partition, out position);
            }

            if (!isKnown)
            {
                // It was added to the topic after the start.
                position = (await Consumer.QueryWatermarksAsync(partition, cancellation)).Low;
            }

            positions.Add(new KeyValuePair<TopicPartition, long>(partition, position));
        }

        await Consumer.AssignAsync(positions, cancellation);
        lock (_gate)
        {
            for (int i = 0; i < sorted.Length; i++)
            {
                var split = new SplitState(sorted[i], positions[i].Value, _endOffsets.GetValueOrDefault(sorted[i])) { Subtask = Idlest() };
                _assigned.Add(split);
                _dealt[split.Subtask].Add(split);
            }
        }

        IngestLog.Assigned(log, pipeline.Name, sorted.Length, _assigned.Count);
        _lastOthersLook = null;
        _othersAreCaughtUp = false;
        _isAssigned = true;
    }

    /// <summary>The subtask with the fewest partitions.</summary>
    private int Idlest() => Enumerable.Range(0, _dealt.Length).MinBy(subtask => _assigned.Count(split => split.Subtask == subtask));

    private async Task LookAtOthersAsync(RunMode mode, CancellationToken cancellation)
    {
        if (mode != RunMode.UntilEndOfInput || !_isAssigned || _othersAreCaughtUp
            || (_lastOthersLook is { } last && time.GetElapsedTime(last) < OthersLookInterval))
        {
            return;
        }

        if (CountUnreadByOthers() > 0)
        {
            await RefreshPositionsAsync(cancellation);
        }

        int unread = CountUnreadByOthers();
        if (unread > 0 && _lastOthersLook is null)
        {
            IngestLog.WaitingForOthers(log, pipeline.Name, unread);
        }

        _othersAreCaughtUp = unread == 0;
        _lastOthersLook = time.GetTimestamp();
    }

    private int CountUnreadByOthers()
    {
        lock (_gate)
        {
            return _endOffsets.Count(end => _positions.GetValueOrDefault(end.Key) < end.Value
                && !_assigned.Exists(split => split.Partition == end.Key));
        }
    }

    private async Task RefreshPositionsAsync(CancellationToken cancellation)
    {
        Ledger now = await readLedger(cancellation);
        if (now.HistoryEpoch != HistoryEpoch)
        {
            throw new SplitsLostException("the table was taken back by a restore; beginning again from where it ends now.");
        }

        lock (_gate)
        {
            foreach ((LedgerKey key, LedgerEntry entry) in now.Entries)
            {
                var partition = new TopicPartition(key.Topic, key.Partition);
                if (key.Pipeline == pipeline.Name && key.Cluster == ClusterId
                    && (!_jumpedFrom.TryGetValue(partition, out long from) || from != entry.EndOffset))
                {
                    _positions[partition] = entry.EndOffset;
                }
            }
        }
    }
}
