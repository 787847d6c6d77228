using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>One partition while a subtask reads it: where it stands and what was counted since the last barrier.</summary>
internal sealed class SplitState(TopicPartition partition, long position, long endOffset)
{
    private long _rangeStart = position;
    private long _read;
    private long _deadLettered;
    private long? _minEventTimeMicros;
    private long? _maxEventTimeMicros;
    private int _leaderEpoch = -1;
    private bool _reachedEnd;
    private double _recordBytes = 256;
    private volatile bool _isRevoked;

    internal TopicPartition Partition { get; } = partition;

    /// <summary>Which subtask reads it.</summary>
    internal int Subtask { get; init; }

    /// <summary>The name that batches carry and counts are kept by.</summary>
    internal string Name { get; } = partition.ToString();

    /// <summary>The next offset to read.</summary>
    internal long Position { get; private set; } = position;

    /// <summary>Bytes that this partition may still have in its turn.</summary>
    internal long Deficit { get; private set; }

    /// <summary>
    /// The group has taken the partition away: it must not be read again by this assignment, whatever is assigned later. Set from any thread.
    /// </summary>
    internal bool IsRevoked
    {
        get => _isRevoked;
        set => _isRevoked = value;
    }

    /// <summary>Whether everything up to the end seen at start was read.</summary>
    internal bool IsCaughtUp => _reachedEnd || Position >= endOffset;

    /// <summary>A turn begins: the partition gets its quantum, and what it overdrew last time is held against it.</summary>
    internal void BeginTurn(long quantumBytes) => Deficit = Math.Min(Deficit, 0) + quantumBytes;

    /// <summary>How many records fit into the rest of the turn, going by the size of those seen so far.</summary>
    internal int RecordsInTurn(int countMax) => (int)Math.Clamp(Deficit / _recordBytes, 1, countMax);

    internal void Advance(RawBatch batch)
    {
        Invariant.Holds(batch.Count == 0 || batch.OffsetAt(0) >= Position, "A partition is read in the order of its offsets.");
        if (batch.Count > 0)
        {
            _recordBytes = Math.Max(1, ((3 * _recordBytes) + ((double)batch.ByteCount / batch.Count)) / 4);
        }

        Deficit -= batch.ByteCount;
        Position = Math.Max(Position, batch.NextOffset);
        _leaderEpoch = batch.LeaderEpoch >= 0 ? batch.LeaderEpoch : _leaderEpoch;
        _reachedEnd |= batch.ReachedEnd;
        _read += batch.Count;
    }

    internal void Count(in DecodedMessages decoded)
    {
        _deadLettered += decoded.DeadLetters?.RowCount ?? 0;
        if (decoded is { MinEventTimeMicros: { } min, MaxEventTimeMicros: { } max })
        {
            _minEventTimeMicros = Math.Min(_minEventTimeMicros ?? min, min);
            _maxEventTimeMicros = Math.Max(_maxEventTimeMicros ?? max, max);
        }
    }

    /// <summary>What was read since the last barrier, or null when the position has not moved. The next range begins here.</summary>
    internal OffsetRange? EndRange(string pipeline, string cluster, string? topicId)
    {
        if (Position == _rangeStart)
        {
            return null;
        }

        var range = new OffsetRange(
            new LedgerKey(pipeline, cluster, Partition.Topic, Partition.Partition), _rangeStart, Position, _leaderEpoch, topicId,
            Read: _read, Written: 0, Filtered: 0, Deduplicated: 0, DeadLettered: _deadLettered, _minEventTimeMicros, _maxEventTimeMicros);
        _rangeStart = Position;
        (_read, _deadLettered, _minEventTimeMicros, _maxEventTimeMicros) = (0, 0, null, null);
        return range;
    }
}
