namespace Lakehouse.Testing;

/// <summary>One message of a <see cref="SimulatedLog"/>. Null value: a tombstone.</summary>
public sealed record SimulatedRecord(long Offset, long TimestampMillis, byte[]? Key, byte[]? Value);
