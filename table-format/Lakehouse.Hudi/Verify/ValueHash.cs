using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// A hash of values that does not depend on the order of the rows, nor on how they lie in files: each value is hashed with its column's
/// name and type as seed, a column is the sum of its values' hashes, and a row the sum of its own, mixed once more, so that values which
/// change places between rows change the whole. Tells damage and difference, not malice.
/// </summary>
internal static class ValueHash
{
    private const ulong First = 0x9E37_79B9_7F4A_7C15;
    private const ulong Second = 0xD6E8_FEB8_6659_FD93;

    /// <summary>The seed of a column.</summary>
    internal static ulong Seed(Field field) => OfBytes(Encoding.UTF8.GetBytes($"{field.Name} {field.Type}"), First);

    /// <summary>Adds each wanted value's hash to its row and returns the sum over them.</summary>
    internal static ulong Add(ColumnVector column, ulong seed, Span<ulong> rows, ReadOnlySpan<bool> wanted)
    {
        ulong sum = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            if (wanted[i])
            {
                ulong hash = Of(column, i, seed);
                rows[i] += hash;
                sum += hash;
            }
        }

        return sum;
    }

    /// <summary>Adds the wanted rows to the two halves of a table's hash.</summary>
    internal static (ulong High, ulong Low) AddRows(ReadOnlySpan<ulong> rows, ReadOnlySpan<bool> wanted, (ulong High, ulong Low) sum)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            if (wanted[i])
            {
                ulong mixed = Mix(rows[i]);
                sum.High += mixed;
                sum.Low += Mix(mixed ^ Second);
            }
        }

        return sum;
    }

    private static ulong Of(ColumnVector column, int row, ulong seed) =>
        !column.IsValid(row) ? Mix(Mix(seed) ^ First)
        : column.Type.IsNested ? OfNested(column, row, seed)
        : OfValue(column, row, seed);

    /// <summary>Each child's values in their order, seeded by what came before them.</summary>
    private static ulong OfNested(ColumnVector column, int row, ulong seed)
    {
        bool isStruct = column.Type.Kind == TypeKind.Struct;
        int start = isStruct ? row : column.Offsets[row];
        int end = isStruct ? row + 1 : column.Offsets[row + 1];
        ulong hash = Mix(seed ^ ((ulong)(end - start) * Second));
        for (int element = start; element < end; element++)
        {
            foreach (ColumnVector child in column.Children)
            {
                hash = Of(child, element, hash + First);
            }
        }

        return hash;
    }

    private static ulong OfValue(ColumnVector column, int row, ulong seed)
    {
        switch (column.Type.Width)
        {
            case 4:
                return Mix(seed ^ (uint)column.Values<int>()[row]);
            case 8:
                return Mix(seed ^ (ulong)column.Values<long>()[row]);
            case 16:
                return OfBytes(MemoryMarshal.AsBytes(column.Values<Int128>().Slice(row, 1)), seed);
            default:
                return column.Type.Kind == TypeKind.Boolean
                    ? Mix(seed ^ (column.BooleanAt(row) ? 1UL : 0UL))
                    : OfBytes(column.BytesAt(row), seed);
        }
    }

    private static ulong OfBytes(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong hash = seed ^ ((ulong)bytes.Length * First);
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * Second;
            hash ^= hash >> 32;
        }

        ulong tail = 0;
        foreach (byte b in bytes)
        {
            tail = (tail << 8) | b;
        }

        return Mix((hash ^ tail) * Second);
    }

    private static ulong Mix(ulong value)
    {
        value ^= value >> 32;
        value *= Second;
        value ^= value >> 29;
        value *= First;
        return value ^ (value >> 32);
    }
}
