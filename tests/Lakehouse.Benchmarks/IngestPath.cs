using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;

namespace Lakehouse.Benchmarks;

/// <summary>One subtask's decoder, steps and sink, chained as the engine chains them, with a clock between any two.</summary>
internal sealed class IngestPath : IAsyncDisposable
{
    private readonly MessageDecoder _decoder;
    private readonly IReadOnlyList<IOperator> _steps;
    private readonly HudiSinkWriter _sink;
    private readonly LastBatch _output = new();
    private readonly double[] _stageSeconds;
    private double _mark;
    private long _checkpoint = 1;

    internal IngestPath(PipelineDefinition pipeline, HudiTable table)
    {
        _decoder = new MessageDecoder(pipeline);
        _steps = StepBinding.Operators(pipeline);
        var rows = new TableWriter(
            table,
            static checkpoint => HudiTable.StagingFolder("trips", "worker-0", "benchmark", checkpoint),
            new BaseFileOptions { EventTimeColumn = pipeline.EventTimeColumn },
            _checkpoint,
            pipeline.Table.FileBytesMax,
            new OpenFileBudget(pipeline.MemoryBudgetBytes / 2));
        _sink = new HudiSinkWriter(rows, pipeline.Schemas.OffsetIndex, new RowRouter([]), [], null);
        _stageSeconds = new double[_steps.Count + 3];
    }

    internal IReadOnlyList<string> StageNames =>
        ["decode", .. _steps.Select(s => $"`{s.Name}`"), "meta columns, encode, compress", "last pages, footer, write, sync"];

    internal async Task WriteAsync(RawBatch messages)
    {
        _mark = CpuClock.OfThisProcess();
        DecodedMessages decoded = _decoder.Decode(messages);
        DataBatch? batch = decoded.Rows is { } rows ? new DataBatch(rows, messages.Partition.ToString()) : null;
        Lap(0);
        for (int i = 0; i < _steps.Count && batch is not null; i++)
        {
            await _steps[i].ProcessAsync(batch, _output, CancellationToken.None);
            batch = _output.Take();
            Lap(1 + i);
        }

        if (batch is not null)
        {
            await _sink.WriteAsync(batch, CancellationToken.None);
            Lap(1 + _steps.Count);
        }
    }

    internal async Task CheckpointAsync()
    {
        _mark = CpuClock.OfThisProcess();
        await _sink.PrepareCommitAsync(new CheckpointId(_checkpoint++), default, CancellationToken.None);
        Lap(2 + _steps.Count);
    }

    /// <summary>The CPU of each stage since this was last called.</summary>
    internal double[] TakeStageSeconds()
    {
        double[] taken = [.. _stageSeconds];
        Array.Clear(_stageSeconds);
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await _sink.DisposeAsync();
        foreach (IOperator step in _steps)
        {
            step.Dispose();
        }

        _decoder.Dispose();
    }

    private void Lap(int stage)
    {
        double now = CpuClock.OfThisProcess();
        _stageSeconds[stage] += now - _mark;
        _mark = now;
    }

    /// <summary>Each step of the pipeline emits one batch at most.</summary>
    private sealed class LastBatch : IOutput
    {
        private DataBatch? _batch;

        public ValueTask EmitAsync(StreamElement element, CancellationToken cancellation)
        {
            _batch = (DataBatch)element;
            return ValueTask.CompletedTask;
        }

        internal DataBatch? Take()
        {
            DataBatch? taken = _batch;
            _batch = null;
            return taken;
        }
    }
}
