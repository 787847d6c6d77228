using Lakehouse.Formats;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>A message is not a row of the schema and the pipeline has no dead letters to put it into.</summary>
public sealed class BadRecordException(string pipeline, TopicPartition partition, long offset, DecodeError error) : Exception(
    FormattableString.Invariant($"Pipeline '{pipeline}' stops at {partition} offset {offset}: {error}. ")
    + "Nothing before it is lost. Correct the schema, or set dead_letters to keep such records aside.")
{
    /// <summary>Where the message is.</summary>
    public TopicPartition Partition { get; } = partition;

    /// <summary>Its offset.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong with it.</summary>
    public DecodeError Error { get; } = error;
}
