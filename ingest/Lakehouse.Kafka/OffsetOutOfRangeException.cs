namespace Lakehouse.Kafka;

/// <summary>
/// The log no longer (or never) had the offset that was to be read: retention was faster than we, the topic was recreated, or a broker
/// lost its tail. What happens next is the choice <c>on_data_loss</c>; nothing is ever skipped without it.
/// </summary>
/// <param name="partition">The partition.</param>
/// <param name="offset">The offset that was asked for.</param>
/// <param name="watermarks">What the partition holds; both -1 when no broker could say.</param>
public sealed class OffsetOutOfRangeException(TopicPartition partition, long offset, Watermarks watermarks) : KafkaException(
    FormattableString.Invariant($"{partition}: offset {offset} is not in the log, which holds {watermarks.Low} to before {watermarks.High}. ") +
    (offset < watermarks.Low
        ? FormattableString.Invariant($"{watermarks.Low - offset} offsets have expired: choose with on_data_loss whether to go on.")
        : "The topic was recreated or its tail was lost: choose with on_data_loss whether to go on."),
    "OFFSET_OUT_OF_RANGE",
    isTransient: false)
{
    /// <summary>The partition.</summary>
    public TopicPartition Partition { get; } = partition;

    /// <summary>The offset that was asked for.</summary>
    public long Offset { get; } = offset;

    /// <summary>What the partition holds; both -1 when no broker could say.</summary>
    public Watermarks Watermarks { get; } = watermarks;
}
