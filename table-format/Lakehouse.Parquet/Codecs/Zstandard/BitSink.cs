using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// Bits from the lowest on, as zstd's backward streams want them (RFC 8878 section 4.1): the reader starts behind a final 1 and takes what was
/// written last first. Does not check its target, which needs <see cref="Slack"/> bytes beyond what is written. All is inlined, for a sink in
/// registers: where a hot loop is, it must not be passed on.
/// </summary>
internal ref struct BitSink
{
    internal const int Slack = sizeof(ulong);
    private readonly ref byte _start;
    private ref byte _at;
    private ulong _bits;
    private int _count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal BitSink(Span<byte> target, int bytesMax)
    {
        Require(target.Length, bytesMax + Slack);
        _start = ref MemoryMarshal.GetReference(target);
        _at = ref _start;
    }

    /// <summary>Adds bits that have none above <paramref name="count"/>; 56 fit between two calls of <see cref="Flush"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(ulong value, int count)
    {
        _bits |= value << _count;
        _count += count;
    }

    /// <summary>Adds the lowest bits of a value, fewer than 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddLow(uint value, int count) =>
        Add(Bmi2.IsSupported ? Bmi2.ZeroHighBits(value, (uint)count) : value & ((1u << count) - 1), count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Flush()
    {
        Unsafe.WriteUnaligned(ref _at, _bits);
        _at = ref Unsafe.Add(ref _at, _count >> 3);
        _bits >>= _count & ~7;
        _count &= 7;
    }

    /// <summary>Writes the final 1; gives the bytes of the stream.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Close()
    {
        Add(1, 1);
        return End();
    }

    /// <summary>Ends a stream that is read forward; gives its bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int End()
    {
        Flush();
        return (int)Unsafe.ByteOffset(ref _start, ref _at) + (_count > 0 ? 1 : 0);
    }

    private static void Require(int length, int needed)
    {
        if (length < needed)
        {
            throw new ArgumentException($"{length} bytes for bits that need {needed}.", nameof(length));
        }
    }
}
