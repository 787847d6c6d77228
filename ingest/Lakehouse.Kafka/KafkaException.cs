namespace Lakehouse.Kafka;

/// <summary>Kafka could not do what it was asked. <see cref="OffsetOutOfRangeException"/> is the one case with a type of its own.</summary>
public class KafkaException(string message, string code, bool isTransient, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The error's name as librdkafka has it, such as <c>_TRANSPORT</c> or <c>OFFSET_OUT_OF_RANGE</c>.</summary>
    public string Code { get; } = code;

    /// <summary>True when another member of the group has taken this one's name: whoever joined last keeps it.</summary>
    public bool IsReplaced => Code == "FENCED_INSTANCE_ID";

    /// <summary>True when trying again may help.</summary>
    public bool IsTransient { get; } = isTransient;
}
