namespace Lakehouse.Engine;

/// <summary>
/// One step of a chain. Called by its subtask's loop only. It takes ownership of each batch it is given.
/// Barriers are handled by the chain: it calls <see cref="Snapshot"/> and passes the barrier on.
/// </summary>
public interface IOperator : IDisposable
{
    /// <summary>The name shown in plans, metrics and errors, such as <c>filter: fare &gt;= 0</c>.</summary>
    string Name { get; }

    /// <summary>Prepares the operator. <paramref name="restored"/> is its snapshot in the checkpoint recovered from, or null.</summary>
    void Open(byte[]? restored);

    /// <summary>Processes one batch of the main stream or a side output and emits what follows from it.</summary>
    ValueTask ProcessAsync(DataBatch batch, IOutput output, CancellationToken cancellation);

    /// <summary>Event time has advanced. The default passes it on unchanged; the chain does that, not the operator.</summary>
    ValueTask OnWatermarkAsync(Watermark watermark, IOutput output, CancellationToken cancellation);

    /// <summary>The operator's state at the barrier.</summary>
    byte[] Snapshot(CheckpointId checkpoint);
}
