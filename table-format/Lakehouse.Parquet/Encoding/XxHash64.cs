using System.Buffers.Binary;
using System.Numerics;

namespace Lakehouse.Parquet;

/// <summary>
/// xxHash with 64 bits and seed 0, which bloom filters are made of (BloomFilter.md; the xxHash specification, XXH64): four lanes over
/// stripes of 32 bytes, joined, then the rest by 8, 4 and 1 bytes, then an avalanche.
/// </summary>
internal static class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;

    internal static ulong Of(ReadOnlySpan<byte> source)
    {
        ulong hash = source.Length < 32 ? Prime5 : Stripes(source);
        ReadOnlySpan<byte> rest = source[(source.Length & ~31)..];
        hash += (ulong)source.Length;
        for (; rest.Length >= 8; rest = rest[8..])
        {
            hash = (BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * Prime1) + Prime4;
        }

        if (rest.Length >= 4)
        {
            hash = (BitOperations.RotateLeft(hash ^ (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime1), 23) * Prime2) + Prime3;
            rest = rest[4..];
        }

        foreach (byte last in rest)
        {
            hash = BitOperations.RotateLeft(hash ^ (last * Prime5), 11) * Prime1;
        }

        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }

    private static ulong Stripes(ReadOnlySpan<byte> source)
    {
        ulong a = unchecked(Prime1 + Prime2);
        ulong b = Prime2;
        ulong c = 0;
        ulong d = unchecked(0UL - Prime1);
        for (; source.Length >= 32; source = source[32..])
        {
            a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(source));
            b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(source[8..]));
            c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(source[16..]));
            d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(source[24..]));
        }

        ulong hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
            + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        return Merge(Merge(Merge(Merge(hash, a), b), c), d);
    }

    private static ulong Round(ulong lane, ulong word) => BitOperations.RotateLeft(lane + (word * Prime2), 31) * Prime1;

    private static ulong Merge(ulong hash, ulong lane) => ((hash ^ Round(0, lane)) * Prime1) + Prime4;
}
