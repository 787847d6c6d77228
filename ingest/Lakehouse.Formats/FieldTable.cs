using System.Numerics;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Formats;

/// <summary>Finds a column by the UTF-8 bytes of its name: open addressing, no strings. Immutable.</summary>
internal sealed class FieldTable
{
    private readonly byte[]?[] _names;
    private readonly int[] _columns;
    private readonly int _mask;

    internal FieldTable(Schema schema)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4 * schema.Count, 8));
        _mask = size - 1;
        _names = new byte[size][];
        _columns = new int[size];
        for (int i = 0; i < schema.Count; i++)
        {
            byte[] name = Encoding.UTF8.GetBytes(schema[i].Name);
            int slot = (int)Hash(name) & _mask;
            while (_names[slot] is not null)
            {
                slot = (slot + 1) & _mask;
            }

            _names[slot] = name;
            _columns[slot] = i;
        }
    }

    /// <summary>The column of that name, or -1.</summary>
    internal int Find(ReadOnlySpan<byte> name)
    {
        int slot = (int)Hash(name) & _mask;
        while (_names[slot] is { } candidate)
        {
            if (name.SequenceEqual(candidate))
            {
                return _columns[slot];
            }

            slot = (slot + 1) & _mask;
        }

        return -1;
    }

    /// <summary>FNV-1a; only ever used within this process.</summary>
    internal static uint Hash(ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261;
        foreach (byte b in name)
        {
            hash = (hash ^ b) * 16777619;
        }

        return hash ^ (hash >> 15);
    }
}
