using System.Buffers;

namespace Lakehouse.Kafka;

/// <summary>
/// Messages of one partition in offset order: keys and values back to back in one pooled slab, facts in arrays beside it. No object per
/// message. Dispose returns the buffers; spans must not outlive it. Not thread safe.
/// </summary>
public sealed class RawBatch : IDisposable
{
    private const int KeyIsNull = -1;
    private byte[]? _slab;
    private RawRecord[] _records;
    private int _slabLength;

    /// <summary>An empty batch with room to start with.</summary>
    public RawBatch(TopicPartition partition, int recordCapacity, int byteCapacity)
    {
        Partition = partition;
        _slab = ArrayPool<byte>.Shared.Rent(Math.Max(byteCapacity, 1));
        _records = ArrayPool<RawRecord>.Shared.Rent(Math.Max(recordCapacity, 1));
    }

    /// <summary>Where all messages came from.</summary>
    public TopicPartition Partition { get; }

    /// <summary>Number of messages.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of keys and values.</summary>
    public int ByteCount => _slabLength;

    /// <summary>True when the partition's end was reached after these messages.</summary>
    public bool ReachedEnd { get; set; }

    /// <summary>
    /// The offset to read next. At least one past the last message; more where the log has holes (transaction markers, aborted
    /// transactions, compaction) known to lie behind it. -1 when the batch is empty and nothing is known.
    /// </summary>
    public long NextOffset { get; set; } = -1;

    /// <summary>The leader epoch of the last message, or -1 when the client library does not tell.</summary>
    public int LeaderEpoch { get; set; } = -1;

    private byte[] Slab => _slab ?? throw new ObjectDisposedException(nameof(RawBatch));

    /// <summary>Copies one message in. A null value is a tombstone.</summary>
    public void Add(long offset, long timestampMillis, ReadOnlySpan<byte> key, bool keyIsNull, ReadOnlySpan<byte> value, bool valueIsNull)
    {
        int end = checked(_slabLength + key.Length + value.Length);
        if (end > Slab.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(end, 2L * Slab.Length), Array.MaxLength));
            _slab.AsSpan(0, _slabLength).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_slab!);
            _slab = larger;
        }

        if (Count == _records.Length)
        {
            RawRecord[] larger = ArrayPool<RawRecord>.Shared.Rent(2 * Count);
            _records.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<RawRecord>.Shared.Return(_records);
            _records = larger;
        }

        key.CopyTo(_slab.AsSpan(_slabLength));
        value.CopyTo(_slab.AsSpan(_slabLength + key.Length));
        _records[Count++] = new RawRecord(offset, timestampMillis, _slabLength, keyIsNull ? KeyIsNull : key.Length,
            valueIsNull ? KeyIsNull : value.Length);
        _slabLength = end;
        NextOffset = offset + 1;
    }

    /// <summary>The offset of a message.</summary>
    public long OffsetAt(int index) => _records[index].Offset;

    /// <summary>The timestamp of a message in milliseconds since the epoch, or -1.</summary>
    public long TimestampAt(int index) => _records[index].TimestampMillis;

    /// <summary>True when the message has no key.</summary>
    public bool IsKeyNull(int index) => _records[index].KeyLength == KeyIsNull;

    /// <summary>True when the message is a tombstone: it has no value.</summary>
    public bool IsTombstone(int index) => _records[index].ValueLength == KeyIsNull;

    /// <summary>The key's bytes; empty when there is none.</summary>
    public ReadOnlySpan<byte> KeyAt(int index) =>
        Slab.AsSpan(_records[index].Start, Math.Max(_records[index].KeyLength, 0));

    /// <summary>The value's bytes; empty for a tombstone.</summary>
    public ReadOnlySpan<byte> ValueAt(int index) => Slab.AsSpan(
        _records[index].Start + Math.Max(_records[index].KeyLength, 0), Math.Max(_records[index].ValueLength, 0));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_slab is not null)
        {
            ArrayPool<byte>.Shared.Return(_slab);
            ArrayPool<RawRecord>.Shared.Return(_records);
            _slab = null;
            Count = 0;
        }
    }

    private readonly record struct RawRecord(long Offset, long TimestampMillis, int Start, int KeyLength, int ValueLength);
}
