using System.Collections.Immutable;

namespace Lakehouse.Engine;

/// <summary>
/// The operators of a subtask one after the other, and the sink at their end: a batch passes by reference, and no step waits that need not.
/// </summary>
internal sealed class OperatorChain : IOutput
{
    private readonly IReadOnlyList<IOperator> _operators;
    private readonly IOutput _head;

    internal OperatorChain(IReadOnlyList<IOperator> operators, ISinkWriter sink, JobProgress progress)
    {
        _operators = operators;
        IOutput next = new SinkOutput(sink, progress);
        for (int i = operators.Count - 1; i >= 0; i--)
        {
            next = new OperatorOutput(operators[i], next);
        }

        _head = next;
    }

    public ValueTask EmitAsync(StreamElement element, CancellationToken cancellation) => _head.EmitAsync(element, cancellation);

    internal void Open(ImmutableArray<byte[]>? restored)
    {
        for (int i = 0; i < _operators.Count; i++)
        {
            _operators[i].Open(restored is { } states && i < states.Length ? states[i] : null);
        }
    }

    internal ImmutableArray<byte[]> Snapshot(CheckpointId checkpoint) =>
        [.. _operators.Select(step => step.Snapshot(checkpoint))];

    private static InvalidOperationException Unexpected(StreamElement element) =>
        new($"{element.GetType().Name} is the engine's to inject; sources and operators emit batches and watermarks.");

    private sealed class OperatorOutput(IOperator step, IOutput next) : IOutput
    {
        public ValueTask EmitAsync(StreamElement element, CancellationToken cancellation) => element switch
        {
            DataBatch batch => step.ProcessAsync(batch, next, cancellation),
            Watermark watermark => AdvanceAsync(watermark, cancellation),
            _ => throw Unexpected(element),
        };

        private async ValueTask AdvanceAsync(Watermark watermark, CancellationToken cancellation)
        {
            await step.OnWatermarkAsync(watermark, next, cancellation);
            await next.EmitAsync(watermark, cancellation);
        }
    }

    private sealed class SinkOutput(ISinkWriter sink, JobProgress progress) : IOutput
    {
        public ValueTask EmitAsync(StreamElement element, CancellationToken cancellation)
        {
            switch (element)
            {
                case DataBatch batch:
                    progress.CountWritten(batch);
                    return sink.WriteAsync(batch, cancellation);
                case Watermark:
                    return ValueTask.CompletedTask;
                default:
                    throw Unexpected(element);
            }
        }
    }
}
