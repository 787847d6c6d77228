using System.Buffers;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>DELTA_BINARY_PACKED (Encodings.md): integers of 32 or 64 bits.</summary>
internal sealed class DeltaIntegers(LeafType leaf) : PageValues
{
    private const int AtATime = 1024;
    private DeltaStream _stream;

    internal override void Read(int count, ColumnBuilder target)
    {
        Span<long> values = stackalloc long[AtATime];
        for (; count > 0; count -= values.Length)
        {
            values = values[..Math.Min(count, values.Length)];
            _stream.Read(Page, values);
            Span<byte> stored = MemoryMarshal.AsBytes(values);
            if (leaf.Stored == ParquetType.Int32)
            {
                stored = Narrow(values, stored);
            }

            StoredValues.AppendFixed(leaf, stored, target);
        }
    }

    protected override void Begin(int start) => _stream = new DeltaStream(Page, start, End);

    /// <summary>In place: value i is read before its half is written.</summary>
    private static Span<byte> Narrow(ReadOnlySpan<long> values, Span<byte> stored)
    {
        Span<int> narrow = MemoryMarshal.Cast<byte, int>(stored)[..values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            narrow[i] = (int)values[i];
        }

        return MemoryMarshal.AsBytes(narrow);
    }
}

/// <summary>DELTA_LENGTH_BYTE_ARRAY (Encodings.md): all lengths as differences, then all bytes.</summary>
internal sealed class DeltaLengthByteArrays(LeafType leaf) : PageValues
{
    private const int AtATime = 1024;
    private DeltaStream _lengths;
    private int _at;

    internal override void Read(int count, ColumnBuilder target)
    {
        Span<long> lengths = stackalloc long[AtATime];
        for (; count > 0; count -= lengths.Length)
        {
            lengths = lengths[..Math.Min(count, lengths.Length)];
            _lengths.Read(Page, lengths);
            foreach (long length in lengths)
            {
                Require(_at, length);
                StoredValues.AppendBytes(leaf, Page.AsSpan(_at, (int)length), target);
                _at += (int)length;
            }
        }
    }

    /// <summary>Encodes values that lie side by side.</summary>
    internal static void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> lengths, PooledBuffer target)
    {
        target.Advance(DeltaStream.Encode(lengths, target.Reserve(DeltaStream.BytesMax(lengths.Length, sizeof(int)))));
        target.Append(bytes);
    }

    protected override void Begin(int start)
    {
        _lengths = new DeltaStream(Page, start, End);
        _at = _lengths.FindEnd(Page);
    }
}

/// <summary>
/// DELTA_BYTE_ARRAY (Encodings.md): how much each value shares with the one before it, then what follows as DELTA_LENGTH_BYTE_ARRAY. Byte
/// arrays of fixed length may be encoded so too.
/// </summary>
internal sealed class DeltaByteArrays(LeafType leaf) : PageValues
{
    private const int AtATime = 512;
    private DeltaStream _prefixes;
    private DeltaStream _lengths;
    private int _at;
    private byte[] _last = ArrayPool<byte>.Shared.Rent(256);
    private int _lastLength;

    internal override void Read(int count, ColumnBuilder target)
    {
        Span<long> prefixes = stackalloc long[AtATime];
        Span<long> lengths = stackalloc long[AtATime];
        for (; count > 0; count -= lengths.Length)
        {
            int next = Math.Min(count, lengths.Length);
            prefixes = prefixes[..next];
            lengths = lengths[..next];
            _prefixes.Read(Page, prefixes);
            _lengths.Read(Page, lengths);
            for (int i = 0; i < next; i++)
            {
                Append(prefixes[i], lengths[i], target);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        ArrayPool<byte>.Shared.Return(_last);
        _last = [];
    }

    /// <summary>Encodes values that lie side by side; the scratch has room for two numbers per value.</summary>
    internal static void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> lengths, Span<int> scratch, PooledBuffer target)
    {
        Span<int> prefixes = scratch[..lengths.Length];
        Span<int> rests = scratch.Slice(lengths.Length, lengths.Length);
        ReadOnlySpan<byte> last = default;
        int at = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            ReadOnlySpan<byte> value = bytes.Slice(at, lengths[i]);
            at += value.Length;
            prefixes[i] = last.CommonPrefixLength(value);
            rests[i] = value.Length - prefixes[i];
            last = value;
        }

        target.Advance(DeltaStream.Encode<int>(prefixes, target.Reserve(DeltaStream.BytesMax(prefixes.Length, sizeof(int)))));
        target.Advance(DeltaStream.Encode<int>(rests, target.Reserve(DeltaStream.BytesMax(rests.Length, sizeof(int)))));
        Span<byte> room = target.Reserve(bytes.Length);
        int written = 0;
        at = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            bytes.Slice(at + prefixes[i], rests[i]).CopyTo(room[written..]);
            at += lengths[i];
            written += rests[i];
        }

        target.Advance(written);
    }

    protected override void Begin(int start)
    {
        _prefixes = new DeltaStream(Page, start, End);
        _lengths = new DeltaStream(Page, _prefixes.FindEnd(Page), End);
        _at = _lengths.FindEnd(Page);
        _lastLength = 0;
    }

    private void Append(long prefix, long suffix, ColumnBuilder target)
    {
        Require(_at, suffix);
        if (prefix < 0 || prefix > _lastLength)
        {
            throw new ParquetFormatException($"A value shares {prefix} bytes with one of {_lastLength}.");
        }

        int length = checked((int)(prefix + suffix));
        if (length > _last.Length)
        {
            byte[] longer = ArrayPool<byte>.Shared.Rent(2 * length);
            _last.AsSpan(0, (int)prefix).CopyTo(longer);
            ArrayPool<byte>.Shared.Return(_last);
            _last = longer;
        }

        Page.AsSpan(_at, (int)suffix).CopyTo(_last.AsSpan((int)prefix));
        _at += (int)suffix;
        _lastLength = length;
        ReadOnlySpan<byte> value = _last.AsSpan(0, length);
        if (leaf.Stored == ParquetType.ByteArray)
        {
            StoredValues.AppendBytes(leaf, value, target);
        }
        else if (length == leaf.TypeLength)
        {
            StoredValues.AppendFixed(leaf, value, target);
        }
        else
        {
            throw new ParquetFormatException($"A value of {length} bytes where all have {leaf.TypeLength}.");
        }
    }
}
