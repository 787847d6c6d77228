using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Lakehouse.Parquet;

/// <summary>BYTE_STREAM_SPLIT (Encodings.md): the first bytes of all values, then all second bytes, and so on.</summary>
internal static class ByteStreamSplit
{
    /// <summary>
    /// Puts some values together again: value i of <paramref name="source"/>, whose values are of <paramref name="width"/> bytes, for i from
    /// <paramref name="first"/> on, as many as the target holds.
    /// </summary>
    internal static void Decode(ReadOnlySpan<byte> source, int width, int first, Span<byte> target)
    {
        int total = source.Length / width;
        int count = target.Length / width;
        if (source.Length % width != 0 || count > total - first)
        {
            throw new ParquetFormatException($"{source.Length} bytes in {width} streams, and value {first + count} is wanted.");
        }

        for (int stream = 0; stream < width; stream++)
        {
            ReadOnlySpan<byte> bytes = source.Slice((stream * total) + first, count);
            for (int i = 0, at = stream; i < bytes.Length; i++, at += width)
            {
                target[at] = bytes[i];
            }
        }
    }

    /// <summary>Splits values of <paramref name="width"/> bytes into their streams; the target is as long as the source.</summary>
    internal static void Encode(ReadOnlySpan<byte> source, int width, Span<byte> target)
    {
        int count = source.Length / width;
        Invariant.Holds(source.Length == count * width && target.Length >= source.Length, "whole values are split into as many bytes");
        int done = width is 4 or 8 && Avx512Vbmi.IsSupported ? EncodeVectors(source, width, count, target) : 0;
        EncodeScalar(source, width, done, target);
    }

    internal static void EncodeScalar(ReadOnlySpan<byte> source, int width, int first, Span<byte> target)
    {
        int count = source.Length / width;
        for (int stream = 0; stream < width; stream++)
        {
            Span<byte> bytes = target.Slice(stream * count, count);
            for (int i = first, at = (first * width) + stream; i < bytes.Length; i++, at += width)
            {
                bytes[i] = source[at];
            }
        }
    }

    /// <summary>64 bytes at a time: 16 values of 4 bytes or 8 values of 8 are transposed in a register. Gives the values done.</summary>
    private static int EncodeVectors(ReadOnlySpan<byte> source, int width, int count, Span<byte> target)
    {
        int perVector = 64 / width;
        Span<byte> order = stackalloc byte[64];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = (byte)((i % perVector * width) + (i / perVector));
        }

        Vector512<byte> transpose = Vector512.Create<byte>(order);
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref byte to = ref MemoryMarshal.GetReference(target);
        int done = 0;
        for (; done + perVector <= count; done += perVector)
        {
            Vector512<byte> streams = Avx512Vbmi.PermuteVar64x8(Vector512.LoadUnsafe(ref from, (nuint)(done * width)), transpose);
            if (width == 8)
            {
                Vector512<ulong> words = streams.AsUInt64();
                for (int stream = 0; stream < 8; stream++)
                {
                    Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, (stream * count) + done), words.GetElement(stream));
                }
            }
            else
            {
                streams.GetLower().GetLower().StoreUnsafe(ref to, (nuint)done);
                streams.GetLower().GetUpper().StoreUnsafe(ref to, (nuint)(count + done));
                streams.GetUpper().GetLower().StoreUnsafe(ref to, (nuint)((2 * count) + done));
                streams.GetUpper().GetUpper().StoreUnsafe(ref to, (nuint)((3 * count) + done));
            }
        }

        return done;
    }
}
