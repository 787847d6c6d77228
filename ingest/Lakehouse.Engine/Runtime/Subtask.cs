using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Engine;

/// <summary>
/// One loop: poll the source, push through the chain into the sink, and between two polls do what the coordinator asks. A barrier is
/// injected only there, so everything emitted before it has reached the sink when the sink closes its files.
/// </summary>
internal sealed class Subtask(int index, string job, SubtaskParts parts, SourceContext context, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan _endedPollPause = TimeSpan.FromMilliseconds(100);
    private readonly OperatorChain _chain = new(parts.Operators, parts.Sink, context.Progress);
    private volatile bool _inputEnded;
    private long _resumptions;

    internal int Index => index;

    internal Mailbox<SubtaskCommand> Inbox { get; } = new();

    /// <summary>The source's last poll said that its input has ended.</summary>
    internal bool InputEnded => _inputEnded;

    /// <summary>How often the source took the end of its input back. Written before <see cref="InputEnded"/> turns false.</summary>
    internal long Resumptions => Volatile.Read(ref _resumptions);

    /// <summary>Runs until told to finish, or cancelled. Disposes the parts in every case.</summary>
    internal async Task RunAsync(SubtaskRestore restore, Mailbox<JobEvent> coordinator, CancellationToken cancellation)
    {
        try
        {
            using CancellationTokenRegistration wake = cancellation.UnsafeRegister(static inbox => ((Mailbox<SubtaskCommand>)inbox!).Ring(), Inbox);
            await parts.Source.OpenAsync(context, restore.Sources, cancellation);
            _chain.Open(restore.Operators);
            coordinator.Post(new JobEvent.Opened(index));
            await LoopAsync(restore.HoldUntilCommitted, coordinator, cancellation);
        }
        finally
        {
            await CloseAsync();
        }
    }

    private async Task LoopAsync(bool holdUntilCommitted, Mailbox<JobEvent> coordinator, CancellationToken cancellation)
    {
        bool hold = holdUntilCommitted;
        bool passedLast = false;
        while (true)
        {
            while (Inbox.TryTake(out SubtaskCommand? command))
            {
                switch (command)
                {
                    case SubtaskCommand.Trigger trigger:
                        await PassBarrierAsync(trigger.Checkpoint, coordinator, cancellation);
                        passedLast |= trigger.ThenHold;
                        hold |= passedLast;
                        break;
                    case SubtaskCommand.Committed committed:
                        hold = passedLast;
                        await NotifyAsync(committed.Checkpoint, cancellation);
                        break;
                    default:
                        return;
                }
            }

            cancellation.ThrowIfCancellationRequested();
            if (hold)
            {
                await Inbox.WaitAsync();
                continue;
            }

            bool ended = await parts.Source.PollAsync(_chain, cancellation) == SourceStatus.EndOfInput;
            if (ended != _inputEnded)
            {
                Volatile.Write(ref _resumptions, _resumptions + (ended ? 0 : 1));
                _inputEnded = ended;
                coordinator.Ring();
            }

            if (ended)
            {
                using ITimer timer = time.CreateTimer(
                    static inbox => ((Mailbox<SubtaskCommand>)inbox!).Ring(), Inbox, _endedPollPause, Timeout.InfiniteTimeSpan);
                await Inbox.WaitAsync();
            }
        }
    }

    private async Task PassBarrierAsync(CheckpointId checkpoint, Mailbox<JobEvent> coordinator, CancellationToken cancellation)
    {
        byte[] source = parts.Source.Snapshot(checkpoint);
        ImmutableArray<byte[]> operators = _chain.Snapshot(checkpoint);
        byte[] committable = await parts.Sink.PrepareCommitAsync(checkpoint, source, cancellation);
        coordinator.Post(new JobEvent.Acknowledged(index, checkpoint, new SubtaskSnapshot(source, operators, committable)));
    }

    private async Task NotifyAsync(CheckpointId checkpoint, CancellationToken cancellation)
    {
        try
        {
            await parts.Source.NotifyCommittedAsync(checkpoint, cancellation);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The commit stands; what is mirrored is for tools to look at.
            EngineLog.NotifyFailed(log, failure, job, index);
        }
    }

    /// <summary>Reverse order of the flow; a part that cannot be closed does not keep the others open.</summary>
    private async Task CloseAsync()
    {
        await CloseAsync(parts.Source.DisposeAsync);
        foreach (IOperator step in parts.Operators)
        {
            await CloseAsync(() =>
            {
                step.Dispose();
                return ValueTask.CompletedTask;
            });
        }

        await CloseAsync(parts.Sink.DisposeAsync);
    }

    private async Task CloseAsync(Func<ValueTask> close)
    {
        try
        {
            await close();
        }
#pragma warning disable CA1031 // Whatever the reason of the end was must not be hidden behind the failure to tidy up.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            EngineLog.CloseFailed(log, failure, job, index);
        }
    }
}

/// <summary>What a subtask starts from.</summary>
/// <param name="Sources">The source snapshots of all subtasks.</param>
/// <param name="Operators">The operators' snapshots of the subtask with the same index, or null.</param>
/// <param name="HoldUntilCommitted">Poll only after the first checkpoint is committed: the start positions are in the table then.</param>
internal sealed record SubtaskRestore(IReadOnlyList<byte[]> Sources, ImmutableArray<byte[]>? Operators, bool HoldUntilCommitted);

/// <summary>What the coordinator asks of a subtask. A closed hierarchy.</summary>
internal abstract record SubtaskCommand
{
    private SubtaskCommand()
    {
    }

    /// <summary>Inject the barrier now; the last one of a stopping job is followed by silence.</summary>
    internal sealed record Trigger(CheckpointId Checkpoint, bool ThenHold) : SubtaskCommand;

    /// <summary>The checkpoint is in the table.</summary>
    internal sealed record Committed(CheckpointId Checkpoint) : SubtaskCommand;

    /// <summary>Leave the loop.</summary>
    internal sealed record Finish : SubtaskCommand;
}

/// <summary>What happens to a running job. A closed hierarchy.</summary>
internal abstract record JobEvent
{
    private JobEvent()
    {
    }

    /// <summary>A subtask is ready to poll.</summary>
    internal sealed record Opened(int Subtask) : JobEvent;

    /// <summary>A subtask has done its part of a checkpoint.</summary>
    internal sealed record Acknowledged(int Subtask, CheckpointId Checkpoint, SubtaskSnapshot Snapshot) : JobEvent;

    /// <summary>A subtask's loop is over; null: as it was told.</summary>
    internal sealed record Exited(int Subtask, Exception? Failure) : JobEvent;

    /// <summary>A commit is over: with an outcome, or a failure that leaves it open.</summary>
    internal sealed record CommitEnded(CheckpointId Checkpoint, CommitOutcome? Outcome, Exception? Failure) : JobEvent;
}
