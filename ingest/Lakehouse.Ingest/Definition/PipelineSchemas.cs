using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>The columns at each stage of a pipeline.</summary>
/// <param name="Decoded">What a message is decoded to.</param>
/// <param name="Source">What the source emits: decoded columns, Kafka columns, and the offset, which is every row's identity.</param>
/// <param name="Output">What the last step emits.</param>
/// <param name="Table">What the table keeps: the output without an offset that nobody asked for.</param>
public sealed record PipelineSchemas(Schema Decoded, Schema Source, Schema Output, Schema Table)
{
    /// <summary>The name of the offset column where the table does not keep it.</summary>
    internal const string HiddenOffset = "lakehouse_offset";

    /// <summary>The name of the offset column where the table keeps it.</summary>
    internal const string KeptOffset = "kafka_offset";

    /// <summary>No columns at all.</summary>
    public static PipelineSchemas None { get; } = new(new Schema(), new Schema(), new Schema(), new Schema());

    /// <summary>The columns of the dead-letter table: where the message was, what was wrong with it, and its bytes.</summary>
    public static Schema DeadLetters { get; } = new(
        new Field("kafka_topic", TypeKind.String),
        new Field("kafka_partition", TypeKind.Int),
        new Field(KeptOffset, TypeKind.Long),
        new Field("kafka_timestamp", TypeKind.TimestampMillis),
        new Field("kafka_key", TypeKind.Binary),
        new Field("kafka_value", TypeKind.Binary),
        new Field("kind", TypeKind.String),
        new Field("reason", TypeKind.String),
        new Field("pipeline", TypeKind.String));

    /// <summary>Position of the offset in what the last step emits.</summary>
    internal int OffsetIndex => Output.IndexOf(HiddenOffset) is var hidden and >= 0 ? hidden : Output.IndexOf(KeptOffset);

    internal static Field FieldOf(KafkaColumn column) => column switch
    {
        KafkaColumn.Topic => new Field("kafka_topic", TypeKind.String),
        KafkaColumn.Partition => new Field("kafka_partition", TypeKind.Int),
        KafkaColumn.Offset => new Field(KeptOffset, TypeKind.Long),
        KafkaColumn.Timestamp => new Field("kafka_timestamp", TypeKind.TimestampMillis),
        KafkaColumn.Key => new Field("kafka_key", TypeKind.Binary),
        _ => throw new ArgumentOutOfRangeException(nameof(column)),
    };

    internal static PipelineSchemas Resolve(
        Schema decoded, ImmutableArray<KafkaColumn> kafkaColumns, ImmutableArray<StepDefinition> steps, SourceLocation schemaLocation)
    {
        Schema source = decoded;
        foreach (KafkaColumn column in kafkaColumns)
        {
            Field field = FieldOf(column);
            if (source.IndexOf(field.Name) >= 0)
            {
                throw new PipelineDefinitionException(schemaLocation,
                    $"The schema has a column '{field.Name}' and 'kafka_columns' adds one of that name; leave one out.");
            }

            source = source.Append(field);
        }

        if (!kafkaColumns.Contains(KafkaColumn.Offset))
        {
            source = source.Append(new Field(HiddenOffset, TypeKind.Long));
        }

        Schema output = steps.Aggregate(source, StepBinding.OutputOf);
        return new PipelineSchemas(decoded, source, output, new Schema([.. output.Fields.Where(f => f.Name != HiddenOffset)]));
    }
}
