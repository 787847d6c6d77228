using Lakehouse.Engine;

namespace Lakehouse.Ingest;

/// <summary>The steps of a pipeline, one after another, outside any job: what comes out of the last one goes to the given end.</summary>
internal sealed class StepChain : IDisposable
{
    private readonly IReadOnlyList<IOperator> _steps;
    private readonly Func<DataBatch, CancellationToken, ValueTask> _end;

    /// <param name="pipeline">Whose steps.</param>
    /// <param name="end">Takes what the last step emits, and its ownership.</param>
    internal StepChain(PipelineDefinition pipeline, Func<DataBatch, CancellationToken, ValueTask> end) =>
        (_steps, _end) = (StepBinding.Operators(pipeline), end);

    /// <summary>Puts rows in; takes them over.</summary>
    internal ValueTask RunAsync(DataBatch batch, CancellationToken cancellation) => EmitAsync(batch, 0, cancellation);

    public void Dispose()
    {
        foreach (IOperator step in _steps)
        {
            step.Dispose();
        }
    }

    private ValueTask EmitAsync(StreamElement element, int step, CancellationToken cancellation) => element is not DataBatch batch
        ? ValueTask.CompletedTask
        : step < _steps.Count
            ? _steps[step].ProcessAsync(batch, new Next(this, step + 1), cancellation)
            : _end(batch, cancellation);

    private sealed class Next(StepChain chain, int step) : IOutput
    {
        public ValueTask EmitAsync(StreamElement element, CancellationToken cancellation) => chain.EmitAsync(element, step, cancellation);
    }
}
