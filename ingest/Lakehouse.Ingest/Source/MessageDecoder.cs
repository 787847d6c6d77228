using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Formats;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>
/// Messages of one partition to rows: the decoded columns, the Kafka columns beside them, and the bad records with their reasons.
/// </summary>
internal sealed class MessageDecoder : IDisposable
{
    private readonly PipelineDefinition _pipeline;
    private readonly JsonDecoder _json;
    private readonly KafkaColumn[] _kafkaColumns;
    private readonly ColumnBuilder[] _kafkaBuilders;
    private readonly ColumnBuilder[] _deadLetterBuilders;
    private readonly byte[] _pipelineName;
    private readonly int _eventTimeIndex;

    internal MessageDecoder(PipelineDefinition pipeline)
    {
        _pipeline = pipeline;
        _json = new JsonDecoder(pipeline.Schema, new JsonDecoderOptions { RecordBytesMax = pipeline.Json.RecordBytesMax });
        _kafkaColumns = pipeline.Table.KafkaColumns.Contains(KafkaColumn.Offset)
            ? [.. pipeline.Table.KafkaColumns]
            : [.. pipeline.Table.KafkaColumns, KafkaColumn.Offset];
        _kafkaBuilders = [.. _kafkaColumns.Select(c => new ColumnBuilder(PipelineSchemas.FieldOf(c).Type))];
        _deadLetterBuilders = [.. PipelineSchemas.DeadLetters.Fields.Select(f => new ColumnBuilder(f.Type))];
        _pipelineName = Encoding.UTF8.GetBytes(pipeline.Name);
        _eventTimeIndex = pipeline.EventTimeColumn is { } column ? pipeline.Schema.IndexOf(column) : -1;
    }

    /// <summary>Throws <see cref="BadRecordException"/> at the first bad record when the pipeline has no dead letters.</summary>
    internal DecodedMessages Decode(RawBatch messages)
    {
        byte[] topic = Encoding.UTF8.GetBytes(messages.Partition.Topic);
        for (int i = 0; i < messages.Count; i++)
        {
            DecodeError error;
            if (messages.IsTombstone(i))
            {
                error = new DecodeError(
                    DecodeErrorKind.Tombstone, null, 0, "the message has no value; it is a tombstone, and the table takes rows only");
            }
            else if (_json.TryDecode(messages.ValueAt(i), out error))
            {
                AppendKafkaColumns(messages, i, topic);
                continue;
            }

            if (_pipeline.DeadLettersPath is null)
            {
                throw new BadRecordException(_pipeline.Name, messages.Partition, messages.OffsetAt(i), error);
            }

            AppendDeadLetter(messages, i, topic, error);
        }

        RecordBatch? rows = FinishRows();
        (long? min, long? max) = rows is null ? (null, null) : EventTimes(rows);
        return new DecodedMessages(rows, FinishDeadLetters(), min, max);
    }

    public void Dispose()
    {
        _json.Dispose();
        foreach (ColumnBuilder builder in _kafkaBuilders.Concat(_deadLetterBuilders))
        {
            builder.Dispose();
        }
    }

    private void AppendKafkaColumns(RawBatch messages, int index, ReadOnlySpan<byte> topic)
    {
        for (int c = 0; c < _kafkaColumns.Length; c++)
        {
            ColumnBuilder builder = _kafkaBuilders[c];
            switch (_kafkaColumns[c])
            {
                case KafkaColumn.Topic:
                    builder.Append(topic);
                    break;
                case KafkaColumn.Partition:
                    builder.Append(messages.Partition.Partition);
                    break;
                case KafkaColumn.Offset:
                    builder.Append(messages.OffsetAt(index));
                    break;
                case KafkaColumn.Timestamp:
                    AppendTimestamp(builder, messages.TimestampAt(index));
                    break;
                default:
                    AppendBytes(builder, messages.KeyAt(index), messages.IsKeyNull(index));
                    break;
            }
        }
    }

    // In the order of PipelineSchemas.DeadLetters.
    private void AppendDeadLetter(RawBatch messages, int index, ReadOnlySpan<byte> topic, DecodeError error)
    {
        ColumnBuilder[] builders = _deadLetterBuilders;
        builders[0].Append(topic);
        builders[1].Append(messages.Partition.Partition);
        builders[2].Append(messages.OffsetAt(index));
        AppendTimestamp(builders[3], messages.TimestampAt(index));
        AppendBytes(builders[4], messages.KeyAt(index), messages.IsKeyNull(index));
        AppendBytes(builders[5], messages.ValueAt(index), messages.IsTombstone(index));
        builders[6].Append(Encoding.UTF8.GetBytes(error.Kind.ToString()));
        builders[7].Append(Encoding.UTF8.GetBytes(error.ToString()));
        builders[8].Append(_pipelineName);
    }

    private RecordBatch? FinishRows()
    {
        int rowCount = _json.RowCount;
        if (rowCount == 0)
        {
            return null;
        }

        var columns = ImmutableArray.CreateBuilder<ColumnVector>(_pipeline.Schemas.Source.Count);
        columns.AddRange(_json.Finish().Detach());
        foreach (ColumnBuilder builder in _kafkaBuilders)
        {
            columns.Add(builder.Finish());
        }

        return new RecordBatch(_pipeline.Schemas.Source, columns.MoveToImmutable(), rowCount);
    }

    private RecordBatch? FinishDeadLetters()
    {
        int rowCount = _deadLetterBuilders[0].Length;
        return rowCount == 0
            ? null
            : new RecordBatch(PipelineSchemas.DeadLetters, [.. _deadLetterBuilders.Select(b => b.Finish())], rowCount);
    }

    private (long? Min, long? Max) EventTimes(RecordBatch rows)
    {
        if (_eventTimeIndex < 0)
        {
            return (null, null);
        }

        ColumnVector column = rows.Columns[_eventTimeIndex];
        ReadOnlySpan<long> values = column.Values<long>();
        (long min, long max) = (long.MaxValue, long.MinValue);
        for (int i = 0; i < values.Length; i++)
        {
            if (column.IsValid(i))
            {
                min = Math.Min(min, values[i]);
                max = Math.Max(max, values[i]);
            }
        }

        long unit = column.Type.Kind == TypeKind.TimestampMillis ? 1000 : 1;
        return min > max ? (null, null) : (Micros(min, unit), Micros(max, unit));
    }

    // A time that microseconds cannot hold is a fact about the data, not a reason to stop: the bound is what fits.
    private static long Micros(long value, long unit) => (long)Int128.Clamp((Int128)value * unit, long.MinValue, long.MaxValue);

    private static void AppendTimestamp(ColumnBuilder builder, long millis)
    {
        if (millis < 0)
        {
            builder.AppendNull();
        }
        else
        {
            builder.Append(millis);
        }
    }

    private static void AppendBytes(ColumnBuilder builder, ReadOnlySpan<byte> bytes, bool isNull)
    {
        if (isNull)
        {
            builder.AppendNull();
        }
        else
        {
            builder.Append(bytes);
        }
    }
}

/// <summary>What one batch of messages became. The batches are the receiver's.</summary>
internal readonly record struct DecodedMessages(
    RecordBatch? Rows, RecordBatch? DeadLetters, long? MinEventTimeMicros, long? MaxEventTimeMicros);
