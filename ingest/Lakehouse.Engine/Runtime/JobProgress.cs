using System.Collections.Concurrent;

namespace Lakehouse.Engine;

/// <summary>
/// What a job has done since its process started, readable at any time from any thread. Counters only grow: what was read again after a
/// restart counts again. Truth about the table is in the table.
/// </summary>
public sealed class JobProgress
{
    private readonly ConcurrentDictionary<string, SplitProgress> _splits = new(StringComparer.Ordinal);
    private long _commits;
    private long _emptyCheckpoints;
    private long _lastCheckpoint;
    private long _lastCheckpointTicks;
    private long _lastCommitTicks;
    private long _lastCommittedAtTicks;
    private long _restarts;
    private string _state = "created";
    private volatile bool _endedCommitted;

    /// <summary>What was read and written by split.</summary>
    public IReadOnlyDictionary<string, SplitProgress> Splits => _splits;

    /// <summary>Records read over all splits.</summary>
    public long RecordsRead => _splits.Values.Sum(static split => split.RecordsRead);

    /// <summary>Bytes read over all splits.</summary>
    public long BytesRead => _splits.Values.Sum(static split => split.BytesRead);

    /// <summary>Rows that reached the sinks' main stream.</summary>
    public long RowsWritten => _splits.Values.Sum(static split => split.RowsWritten);

    /// <summary>Rows that reached the sinks by a side output.</summary>
    public long SideRowsWritten => _splits.Values.Sum(static split => split.SideRowsWritten);

    /// <summary>Checkpoints committed by this process.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Checkpoints that had nothing to commit.</summary>
    public long EmptyCheckpoints => Volatile.Read(ref _emptyCheckpoints);

    /// <summary>The newest checkpoint committed by this process, or 0.</summary>
    public long LastCheckpoint => Volatile.Read(ref _lastCheckpoint);

    /// <summary>From trigger to durable metadata, of the last checkpoint.</summary>
    public TimeSpan LastCheckpointDuration => new(Volatile.Read(ref _lastCheckpointTicks));

    /// <summary>From durable metadata to visible in the table, of the last commit.</summary>
    public TimeSpan LastCommitDuration => new(Volatile.Read(ref _lastCommitTicks));

    /// <summary>When the last commit ended, or null.</summary>
    public DateTimeOffset? LastCommittedAt =>
        Volatile.Read(ref _lastCommittedAtTicks) is var ticks and > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Restarts from the table within this process.</summary>
    public long Restarts => Volatile.Read(ref _restarts);

    /// <summary>The job has ended and everything it read is committed; false while it runs, and when it was stopped between two starts.</summary>
    public bool EndedCommitted
    {
        get => _endedCommitted;
        internal set => _endedCommitted = value;
    }

    /// <summary>What the job is doing, for people: <c>recovering</c>, <c>running</c>, <c>stopping</c>, <c>restarting: why</c>, <c>ended</c>.</summary>
    public string State
    {
        get => Volatile.Read(ref _state);
        internal set => Volatile.Write(ref _state, value);
    }

    /// <summary>Counts what a source read of a split.</summary>
    public void CountRead(string split, long records, long bytes) => Split(split).CountRead(records, bytes);

    internal void CountWritten(DataBatch batch) => Split(batch.Split).CountWritten(batch.Rows.RowCount, batch.SideOutput is not null);

    internal void CountCheckpoint(TimeSpan duration) => Volatile.Write(ref _lastCheckpointTicks, duration.Ticks);

    internal void CountCommit(CheckpointId checkpoint, CommitOutcome outcome, TimeSpan duration, DateTimeOffset at)
    {
        Volatile.Write(ref _lastCommitTicks, duration.Ticks);
        if (outcome == CommitOutcome.Committed)
        {
            Interlocked.Increment(ref _commits);
            Volatile.Write(ref _lastCheckpoint, checkpoint.Value);
            Volatile.Write(ref _lastCommittedAtTicks, at.UtcTicks);
        }
        else
        {
            Interlocked.Increment(ref _emptyCheckpoints);
        }
    }

    internal void CountRestart() => Interlocked.Increment(ref _restarts);

    private SplitProgress Split(string split) => _splits.GetOrAdd(split, static _ => new SplitProgress());
}

/// <summary>What was read from one split and written of it. Thread safe.</summary>
public sealed class SplitProgress
{
    private long _recordsRead;
    private long _bytesRead;
    private long _rowsWritten;
    private long _sideRowsWritten;

    /// <summary>Records read.</summary>
    public long RecordsRead => Volatile.Read(ref _recordsRead);

    /// <summary>Bytes read.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>Rows of the main stream handed to the sink.</summary>
    public long RowsWritten => Volatile.Read(ref _rowsWritten);

    /// <summary>Rows of side outputs handed to the sink.</summary>
    public long SideRowsWritten => Volatile.Read(ref _sideRowsWritten);

    internal void CountRead(long records, long bytes)
    {
        Interlocked.Add(ref _recordsRead, records);
        Interlocked.Add(ref _bytesRead, bytes);
    }

    internal void CountWritten(long rows, bool side) => Interlocked.Add(ref side ? ref _sideRowsWritten : ref _rowsWritten, rows);
}
