using Lakehouse.Columns;

namespace Lakehouse.Engine;

/// <summary>What flows between operators. A closed hierarchy: batch, watermark, barrier, end of input.</summary>
public abstract record StreamElement
{
    private protected StreamElement()
    {
    }
}

/// <summary>
/// Rows of one source split. The receiver owns <paramref name="Rows"/> and disposes it or hands it on.
/// </summary>
/// <param name="Rows">The rows.</param>
/// <param name="Split">The source split (for Kafka: the topic partition) that all rows came from; counts are kept by it.</param>
/// <param name="SideOutput">Null for the main stream, else the name of the side output, such as <c>dead_letters</c>.</param>
public sealed record DataBatch(RecordBatch Rows, string Split, string? SideOutput = null) : StreamElement;

/// <summary>No row with an event time at or before this is expected any more. Microseconds since the epoch.</summary>
public sealed record Watermark(long EventTimeMicros) : StreamElement;

/// <summary>The cut of a checkpoint: everything before it belongs to the checkpoint, nothing after it does.</summary>
public sealed record CheckpointBarrier(CheckpointId Checkpoint) : StreamElement;

/// <summary>The source is bounded and has ended.</summary>
public sealed record EndOfInput : StreamElement
{
    /// <summary>The only instance.</summary>
    public static readonly EndOfInput Instance = new();
}

/// <summary>Checkpoints of a job are numbered 1, 2, 3 ... across restarts.</summary>
public readonly record struct CheckpointId(long Value) : IComparable<CheckpointId>
{
    /// <summary>The checkpoint after this one.</summary>
    public CheckpointId Next => new(Value + 1);

    /// <inheritdoc/>
    public int CompareTo(CheckpointId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Value}");
}
