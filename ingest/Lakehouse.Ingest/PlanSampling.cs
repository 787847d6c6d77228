using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>Reads a few records outside any group and puts them through decoder and steps; what would be written is only counted.</summary>
internal static class PlanSampling
{
    private const int BatchRecordCountMax = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    internal static async Task<PlannedSample> TakeAsync(
        PipelineDefinition definition, IKafkaConsumer consumer, ClusterDescription cluster, int countMax, TimeProvider time,
        CancellationToken cancellation)
    {
        var positions = new List<KeyValuePair<TopicPartition, long>>();
        foreach (TopicPartition partition in cluster.Partitions)
        {
            Watermarks held = await consumer.QueryWatermarksAsync(partition, cancellation);
            long perPartition = Math.Max(1, countMax / cluster.Partitions.Count);
            positions.Add(new KeyValuePair<TopicPartition, long>(partition, Math.Max(held.Low, held.High - perPartition)));
        }

        await consumer.AssignAsync(positions, cancellation);
        using var counts = new Counting(definition);
        var waiting = cluster.Partitions.ToList();
        long began = time.GetTimestamp();
        while (waiting.Count > 0 && counts.Read < countMax && time.GetElapsedTime(began) < Patience)
        {
            bool isAnything = false;
            foreach (TopicPartition partition in waiting.ToArray())
            {
                using RawBatch? messages = consumer.Poll(partition, BatchRecordCountMax);
                if (messages is null)
                {
                    continue;
                }

                isAnything = true;
                await counts.TakeAsync(messages, cancellation);
                if (messages.ReachedEnd)
                {
                    waiting.Remove(partition);
                }
            }

            if (!isAnything)
            {
                await consumer.WaitAsync(waiting, TimeSpan.FromMilliseconds(100), cancellation);
            }
        }

        return counts.Finish();
    }

    /// <summary>The end of the chain: rows are counted by route, and those of the first table by table partition.</summary>
    private sealed class Counting : IDisposable
    {
        private readonly PipelineDefinition _definition;
        private readonly MessageDecoder _decoder;
        private readonly StepChain _steps;
        private readonly RowRouter _router;
        private readonly long[] _routed;
        private readonly int[] _partitionColumns;
        private readonly Dictionary<string, long> _partitions = new(StringComparer.Ordinal);
        private long _deadLettered;
        private long _written;
        private long _bytes;
        private string? _firstError;

        internal Counting(PipelineDefinition definition)
        {
            // Bad records are counted, whether or not the pipeline keeps them.
            _definition = definition with { DeadLettersPath = definition.DeadLettersPath ?? "plan" };
            _decoder = new MessageDecoder(_definition);
            _steps = new StepChain(definition, CountAsync);
            _router = new RowRouter(StepBinding.Routes(definition));
            _routed = new long[definition.Routes.Length];
            _partitionColumns = [.. definition.Table.PartitionBy.Select(definition.Schemas.Output.IndexOf)];
        }

        internal long Read { get; private set; }

        internal async Task TakeAsync(RawBatch messages, CancellationToken cancellation)
        {
            Read += messages.Count;
            _bytes += messages.ByteCount;
            DecodedMessages decoded = _decoder.Decode(messages);
            using (decoded.DeadLetters)
            {
                _deadLettered += decoded.DeadLetters?.RowCount ?? 0;
                if (decoded.DeadLetters is { } bad && _firstError is null)
                {
                    string reason = System.Text.Encoding.UTF8.GetString(bad.Columns[bad.Schema.IndexOf("reason")].BytesAt(0));
                    _firstError = FormattableString.Invariant($"{messages.Partition} offset {bad.Columns[2].Values<long>()[0]}: {reason}");
                }
            }

            if (decoded.Rows is { } rows)
            {
                await _steps.RunAsync(new DataBatch(rows, messages.Partition.ToString()), cancellation);
            }
        }

        internal PlannedSample Finish() => new(
            Read, _written, Read - _written - _deadLettered - _routed.Sum(), _deadLettered, _firstError, _bytes,
            [.. _partitions.OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal)])
        {
            Routed = [.. _routed],
        };

        public void Dispose()
        {
            _decoder.Dispose();
            _steps.Dispose();
        }

        private ValueTask CountAsync(DataBatch batch, CancellationToken cancellation)
        {
            using RecordBatch all = batch.Rows;
            _router.Divide(all);
            for (int route = 0; route < _routed.Length; route++)
            {
                _routed[route] += _router.Counts[route + 1];
            }

            using RecordBatch rows = _router.Take(all, 0);
            _written += rows.RowCount;
            PartitionRouter.Count(rows, _partitionColumns, _partitions);
            return ValueTask.CompletedTask;
        }
    }
}
