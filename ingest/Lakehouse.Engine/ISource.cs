namespace Lakehouse.Engine;

/// <summary>
/// The head of one subtask: reads its splits and hands decoded batches to the chain. Called by its subtask's loop only, so it needs no
/// locks. Positions come from the state it is opened with and from what the table says, never from the outside system's own bookkeeping.
/// </summary>
public interface ISource : IAsyncDisposable
{
    /// <summary>
    /// Starts reading. <paramref name="restored"/> is what <see cref="Snapshot"/> of every subtask returned for the checkpoint recovered
    /// from, by subtask index: all of it goes to all sources, because the number of subtasks and who has which split may have changed.
    /// It is empty on a fresh start and when only the table remembers the positions (<see cref="SourceContext.CommittedPositions"/>).
    /// </summary>
    Task OpenAsync(SourceContext context, IReadOnlyList<byte[]> restored, CancellationToken cancellation);

    /// <summary>
    /// Emits at most a few batches and says what to expect next. When there is nothing to read it waits, but returns within about 100 ms,
    /// so that barriers are not held up. Never waits for <see cref="SourceContext.RequestCheckpointAsync"/>: the barrier needs this loop.
    /// </summary>
    ValueTask<SourceStatus> PollAsync(IOutput output, CancellationToken cancellation);

    /// <summary>The positions after everything emitted so far. Called when the barrier is injected, before it flows.</summary>
    byte[] Snapshot(CheckpointId checkpoint);

    /// <summary>The checkpoint is committed: positions may be mirrored outside for tools to look at. Failures are not errors.</summary>
    Task NotifyCommittedAsync(CheckpointId checkpoint, CancellationToken cancellation);
}

/// <summary>What a source has to say after a poll.</summary>
public enum SourceStatus
{
    /// <summary>More is there now.</summary>
    MoreAvailable,

    /// <summary>Nothing is there now; poll again.</summary>
    NothingAvailable,

    /// <summary>
    /// Every split has reached its end. The job ends when all sources say so at once; until then the source is polled now and then and may
    /// take it back by another answer (a rebalance brought it a split).
    /// </summary>
    EndOfInput,
}

/// <summary>Where an operator or a source puts what it makes. Awaits while the receiver is busy: that is the backpressure.</summary>
public interface IOutput
{
    /// <summary>Hands an element on; a batch changes owner.</summary>
    ValueTask EmitAsync(StreamElement element, CancellationToken cancellation);
}
