using System.Text;

namespace Lakehouse.Kafka;

/// <summary>Error codes of librdkafka (rd_kafka_resp_err_t) turned into <see cref="KafkaException"/>.</summary>
internal static unsafe class KafkaError
{
    public const int None = 0;
    public const int PartitionEnd = -191;
    public const int QueueFull = -184;
    public const int TimedOut = -185;
    public const int AssignPartitions = -175;
    public const int RevokePartitions = -174;
    public const int AutoOffsetReset = -140;
    public const int LogTruncation = -139;
    public const int UnknownTopic = 3;
    public const int FencedInstance = 82;

    /// <summary>
    /// Errors that do not go away by waiting: bad arguments and settings, fatal ones, missing rights, failed authentication. All others
    /// librdkafka retries by itself, or the call can be repeated.
    /// </summary>
    public static bool IsPermanent(int code) => code is
        -150 or -169 or -186 or -172 or -144                   // _FATAL _AUTHENTICATION _INVALID_ARG _STATE _FENCED
        or 17 or 29 or 30 or 31 or 33 or 34 or 53 or 58 or 65  // bad topic name, *_AUTHORIZATION_FAILED, SASL mechanism, state, login
        or FencedInstance
        or AutoOffsetReset or LogTruncation;

    public static string Name(int code) => Librdkafka.Text(Librdkafka.rd_kafka_err2name(code));

    /// <summary><paramref name="known"/> is a message that says more than the code does.</summary>
    public static KafkaException Exception(int code, string what, string? known = null) => new(
        $"{what}: {(string.IsNullOrEmpty(known) ? $"{Librdkafka.Text(Librdkafka.rd_kafka_err2str(code))} ({Name(code)})" : known)}",
        Name(code),
        !IsPermanent(code));

    public static void ThrowIfAny(int code, string what)
    {
        if (code != None)
        {
            throw Exception(code, what);
        }
    }

    /// <summary>For functions that return a rd_kafka_error_t or null.</summary>
    public static void ThrowIfAny(nint error, string what)
    {
        if (error != 0)
        {
            int code = Librdkafka.rd_kafka_error_code(error);
            string detail = Librdkafka.Text(Librdkafka.rd_kafka_error_string(error));
            bool isTransient = Librdkafka.rd_kafka_error_is_retriable(error) != 0;
            Librdkafka.rd_kafka_error_destroy(error);
            throw new KafkaException($"{what}: {detail} ({Name(code)})", Name(code), isTransient);
        }
    }

    public static string TextOf(ReadOnlySpan<byte> errorText) =>
        Encoding.UTF8.GetString(errorText[..Math.Max(errorText.IndexOf((byte)0), 0)]);
}
