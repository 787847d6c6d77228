using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>
/// The source of one subtask. Each poll: let the group speak, take the next partition in the round (deficit round robin: every partition
/// gets the same bytes in its turn, however much of it waits), decode its messages, emit the rows and the dead letters.
/// </summary>
internal sealed class KafkaSource(
    PipelineDefinition pipeline, KafkaSplits splits, DeadLetterWatch? watch, TimeProvider time) : ISource
{
    internal const string DeadLetters = "dead_letters";
    private const long QuantumBytes = 1 << 20;
    private const int RecordCountMax = 16 * 1024;
    private const int MirroredCheckpointsMax = 16;
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(50);

    private readonly MessageDecoder _decoder = new(pipeline);
    private readonly List<SplitState> _splits = [];
    private readonly List<SplitState> _stopped = [];
    private readonly SortedDictionary<CheckpointId, List<KeyValuePair<TopicPartition, long>>> _toMirror = [];
    private SourceContext? _context;
    private SplitState? _turn;
    private int _next;
    private Task? _lastCommit;

    private SourceContext Context => _context ?? throw new InvalidOperationException("The source is not open.");

    public Task OpenAsync(SourceContext context, IReadOnlyList<byte[]> restored, CancellationToken cancellation)
    {
        // Positions come from the ledger: what is restored says the same or less.
        _context = context;
        return Task.CompletedTask;
    }

    public async ValueTask<SourceStatus> PollAsync(IOutput output, CancellationToken cancellation)
    {
        if (watch?.Reason is { } reason)
        {
            await StopWhenCommittedAsync(reason, cancellation);
            return SourceStatus.NothingAvailable;
        }

        await splits.PumpAsync(Context, cancellation);
        splits.TakeDealt(Context.Subtask, _splits);
        StopRevoked();
        for (int looked = 0; looked <= _splits.Count; looked++)
        {
            if (await PollNextAsync(output, cancellation))
            {
                return SourceStatus.MoreAvailable;
            }
        }

        if (Context.Mode == RunMode.UntilEndOfInput && splits.IsSettled && splits.OthersAreCaughtUp
            && _stopped.Count == 0 && _splits.TrueForAll(s => s.IsCaughtUp))
        {
            return SourceStatus.EndOfInput;
        }

        if (_splits.Count == 0)
        {
            await Task.Delay(IdleWait, time, cancellation);
        }
        else
        {
            await splits.Consumer.WaitAsync([.. _splits.Select(s => s.Partition)], IdleWait, cancellation);
        }

        return SourceStatus.NothingAvailable;
    }

    public byte[] Snapshot(CheckpointId checkpoint)
    {
        var ranges = ImmutableArray.CreateBuilder<OffsetRange>();
        var positions = new List<KeyValuePair<TopicPartition, long>>();
        if (Context.Subtask == 0)
        {
            ranges.AddRange(splits.TakeStarts());
        }

        foreach (SplitState split in _splits.Concat(_stopped))
        {
            positions.Add(new KeyValuePair<TopicPartition, long>(split.Partition, split.Position));
            if (split.EndRange(splits.Pipeline, splits.ClusterId, splits.TopicId(split.Partition.Topic)) is { } range)
            {
                ranges.Add(range);
            }
        }

        _stopped.Clear();
        _toMirror[checkpoint] = positions;
        if (_toMirror.Count > MirroredCheckpointsMax)
        {
            _toMirror.Remove(_toMirror.Keys.First());
        }

        return CheckpointParts.Source(ranges.ToImmutable(), splits.HistoryEpoch, splits.Pipeline, checkpoint);
    }

    public Task NotifyCommittedAsync(CheckpointId checkpoint, CancellationToken cancellation) =>
        _toMirror.Remove(checkpoint, out List<KeyValuePair<TopicPartition, long>>? positions) && positions.Count > 0
            ? splits.Consumer.MirrorOffsetsAsync(positions, cancellation)
            : Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _decoder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads no further; ends the run once what was read so far, good and bad, is committed.</summary>
    private async Task StopWhenCommittedAsync(string reason, CancellationToken cancellation)
    {
        _lastCommit ??= Context.RequestCheckpointAsync();
        if (_lastCommit.IsCompletedSuccessfully)
        {
            throw new DeadLetterLimitException(pipeline.Name, reason, pipeline.DeadLettersPath ?? "");
        }

        await Task.Delay(IdleWait, time, cancellation);
    }

    /// <summary>Takes at most one batch of the partition whose turn it is; false when it had nothing and the turn went on.</summary>
    private async ValueTask<bool> PollNextAsync(IOutput output, CancellationToken cancellation)
    {
        if (_turn is null)
        {
            if (_splits.Count == 0)
            {
                return false;
            }

            _next %= _splits.Count;
            _turn = _splits[_next++];
            _turn.BeginTurn(QuantumBytes);
        }

        SplitState split = _turn;
        using RawBatch? messages = Poll(split);
        if (messages is null)
        {
            _turn = null;
            return false;
        }

        split.Advance(messages);
        if (messages.Count == 0)
        {
            _turn = null;
            return true;
        }

        Context.Progress.CountRead(split.Name, messages.Count, messages.ByteCount);
        DecodedMessages decoded = _decoder.Decode(messages);
        split.Count(decoded);
        watch?.Count(messages.Count, decoded.DeadLetters?.RowCount ?? 0);
        if (split.Deficit <= 0 || messages.ReachedEnd)
        {
            _turn = null;
        }

        if (decoded.DeadLetters is { } deadLetters)
        {
            await output.EmitAsync(new DataBatch(deadLetters, split.Name, DeadLetters), cancellation);
        }

        if (decoded.Rows is { } rows)
        {
            await output.EmitAsync(new DataBatch(rows, split.Name), cancellation);
        }

        return true;
    }

    private RawBatch? Poll(SplitState split)
    {
        try
        {
            return splits.Consumer.Poll(split.Partition, split.RecordsInTurn(RecordCountMax));
        }
        catch (OffsetOutOfRangeException error) when (pipeline.Source.OnDataLoss == OnDataLoss.Earliest)
        {
            // The new start belongs into the table before anything is read from there: begin anew from the ledger.
            throw new SplitsLostException(error.Message, error);
        }
        catch (OffsetOutOfRangeException error)
        {
            throw new DataLossException(pipeline.Name, [error.Message]);
        }
    }

    private void StopRevoked()
    {
        for (int i = _splits.Count - 1; i >= 0; i--)
        {
            if (_splits[i].IsRevoked)
            {
                _turn = _turn == _splits[i] ? null : _turn;
                _stopped.Add(_splits[i]);
                _splits.RemoveAt(i);
            }
        }
    }
}
