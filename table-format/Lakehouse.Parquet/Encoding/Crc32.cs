using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Lakehouse.Parquet;

/// <summary>CRC-32 of gzip (polynomial 0x04C11DB7, reflected), which Parquet's page checksums use.</summary>
internal static class Crc32
{
    private const uint ReflectedPolynomial = 0xEDB88320;
    private const int WideBytesMin = 512;
    private static readonly uint[] Tables = MakeTables();

    /// <summary>The CRC of what <paramref name="crc"/> covers followed by more bytes; 0 covers nothing.</summary>
    internal static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint state = ~crc;
        if (Pclmulqdq.IsSupported && bytes.Length >= 128)
        {
            int folded = bytes.Length & ~15;
            state = Fold(state, bytes[..folded]);
            bytes = bytes[folded..];
        }

        return ~Slice(state, bytes);
    }

    // < Eight bytes at a time through eight tables ("slicing by 8").
    internal static uint Slice(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> t = Tables;
        while (bytes.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ state;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            state = t[1792 + (int)(low & 0xFF)] ^ t[1536 + (int)((low >> 8) & 0xFF)]
                ^ t[1280 + (int)((low >> 16) & 0xFF)] ^ t[1024 + (int)(low >> 24)]
                ^ t[768 + (int)(high & 0xFF)] ^ t[512 + (int)((high >> 8) & 0xFF)]
                ^ t[256 + (int)((high >> 16) & 0xFF)] ^ t[(int)(high >> 24)];
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
        {
            state = t[(int)((state ^ b) & 0xFF)] ^ (state >> 8);
        }

        return state;
    }

    // < Carry-less multiplication carries 16 bytes over a distance, so that they can be added to those there: the constants are x^(n+32) and
    //   x^(n-32) mod P, reflected, for n bits. What is left in the end is 16 bytes; the length is a multiple of 16, at least 64.
    private static uint Fold(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector128<ulong>> blocks = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        Vector128<ulong> near = Vector128.Create(0x01751997d0UL, 0x00ccaa009eUL);
        Vector128<ulong> first = Vector128.CreateScalar(state).AsUInt64();
        Vector128<ulong> a = Pclmulqdq.V512.IsSupported && bytes.Length >= WideBytesMin
            ? FoldBy256(first, near, ref blocks)
            : FoldBy64(first, near, ref blocks);
        foreach (Vector128<ulong> block in blocks)
        {
            a = Step(a, near) ^ block;
        }

        // The 16 bytes that are left have the CRC of everything before them folded in: finish them through the tables.
        Span<byte> rest = stackalloc byte[16];
        a.AsByte().CopyTo(rest);
        return Slice(0, rest);
    }

    private static Vector128<ulong> FoldBy64(Vector128<ulong> first, Vector128<ulong> near, ref ReadOnlySpan<Vector128<ulong>> blocks)
    {
        Vector128<ulong> far = Vector128.Create(0x0154442bd4UL, 0x01c6e41596UL);
        Vector128<ulong> a = blocks[0] ^ first;
        Vector128<ulong> b = blocks[1];
        Vector128<ulong> c = blocks[2];
        Vector128<ulong> d = blocks[3];
        blocks = blocks[4..];
        while (blocks.Length >= 4)
        {
            a = Step(a, far) ^ blocks[0];
            b = Step(b, far) ^ blocks[1];
            c = Step(c, far) ^ blocks[2];
            d = Step(d, far) ^ blocks[3];
            blocks = blocks[4..];
        }

        return Join(a, b, c, d, near);
    }

    private static Vector128<ulong> FoldBy256(Vector128<ulong> first, Vector128<ulong> near, ref ReadOnlySpan<Vector128<ulong>> blocks)
    {
        Vector512<ulong> far = Vector512.Create(Vector128.Create(0x011542778aUL, 0x01322d1430UL));
        Vector512<ulong> beside = Vector512.Create(Vector128.Create(0x0154442bd4UL, 0x01c6e41596UL));
        ReadOnlySpan<Vector512<ulong>> wide = MemoryMarshal.Cast<Vector128<ulong>, Vector512<ulong>>(blocks);
        Vector512<ulong> a = wide[0] ^ first.ToVector256().ToVector512();
        Vector512<ulong> b = wide[1];
        Vector512<ulong> c = wide[2];
        Vector512<ulong> d = wide[3];
        wide = wide[4..];
        while (wide.Length >= 4)
        {
            a = Step(a, far) ^ wide[0];
            b = Step(b, far) ^ wide[1];
            c = Step(c, far) ^ wide[2];
            d = Step(d, far) ^ wide[3];
            wide = wide[4..];
        }

        a = Step(a, beside) ^ b;
        a = Step(a, beside) ^ c;
        a = Step(a, beside) ^ d;
        blocks = blocks[^((4 * wide.Length) + (blocks.Length % 4))..];
        return Join(a.GetLower().GetLower(), a.GetLower().GetUpper(), a.GetUpper().GetLower(), a.GetUpper().GetUpper(), near);
    }

    private static Vector128<ulong> Join(Vector128<ulong> a, Vector128<ulong> b, Vector128<ulong> c, Vector128<ulong> d, Vector128<ulong> near)
    {
        a = Step(a, near) ^ b;
        a = Step(a, near) ^ c;
        return Step(a, near) ^ d;
    }

    private static Vector512<ulong> Step(Vector512<ulong> value, Vector512<ulong> constants) =>
        Pclmulqdq.V512.CarrylessMultiply(value, constants, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(value, constants, 0x11);

    private static Vector128<ulong> Step(Vector128<ulong> value, Vector128<ulong> constants) =>
        Pclmulqdq.CarrylessMultiply(value, constants, 0x00) ^ Pclmulqdq.CarrylessMultiply(value, constants, 0x11);

    private static uint[] MakeTables()
    {
        var tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ ReflectedPolynomial : value >> 1;
            }

            tables[i] = value;
        }

        for (int i = 256; i < tables.Length; i++)
        {
            tables[i] = tables[tables[i - 256] & 0xFF] ^ (tables[i - 256] >> 8);
        }

        return tables;
    }
}
