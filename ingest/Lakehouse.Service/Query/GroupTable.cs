using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Service;

/// <summary>
/// Hash aggregation. A row's key is encoded into bytes (a null flag per column, then the value; strings after their length), which are
/// looked up without making an object; only a new group keeps a copy. Not thread safe.
/// </summary>
internal sealed class GroupTable
{
    private readonly ImmutableArray<Field> _keys;
    private readonly int[] _keyColumns;
    private readonly int[] _argumentColumns;
    private readonly Accumulator[] _accumulators;
    private readonly Dictionary<byte[], int> _groups = new(KeyComparer.Instance);
    private readonly List<byte[]> _keyOf = [];
    private byte[] _key = new byte[256];
    private int[] _groupOfRow = [];

    /// <summary>A table for batches of a schema. Throws for unknown columns and for aggregates that do not fit their column.</summary>
    internal GroupTable(Schema schema, IReadOnlyList<string> keys, IReadOnlyList<AggregateCall> aggregates)
    {
        _keyColumns = [.. keys.Select(k => ColumnNames.Find(schema, k, "--group-by"))];
        _keys = [.. _keyColumns.Select(i => schema[i])];
        _argumentColumns = [.. aggregates.Select(a => a.Column is null ? -1 : ColumnNames.Find(schema, a.Column, "--aggregate"))];
        _accumulators = [.. aggregates.Select((a, i) =>
            a.CreateAccumulator(_argumentColumns[i] < 0 ? null : schema[_argumentColumns[i]].Type))];
        if (keys.Count == 0)
        {
            GroupOf([]); // without keys there is one group, of no rows too
        }
    }

    /// <summary>Takes the rows of a batch, which stays the caller's.</summary>
    internal void Add(RecordBatch batch)
    {
        if (_groupOfRow.Length < batch.RowCount)
        {
            _groupOfRow = new int[batch.RowCount];
        }

        Span<int> groups = _groupOfRow.AsSpan(0, batch.RowCount);
        for (int row = 0; row < batch.RowCount; row++)
        {
            int length = 0;
            foreach (int column in _keyColumns)
            {
                length = Encode(batch.Columns[column], row, length);
            }

            groups[row] = GroupOf(_key.AsSpan(0, length));
        }

        for (int i = 0; i < _accumulators.Length; i++)
        {
            _accumulators[i].Add(_argumentColumns[i] < 0 ? null : batch.Columns[_argumentColumns[i]], groups, _keyOf.Count);
        }
    }

    /// <summary>One row per group, keys first, ordered by the keys with nulls first.</summary>
    internal List<object?[]> Rows()
    {
        var rows = new List<object?[]>(_keyOf.Count);
        for (int group = 0; group < _keyOf.Count; group++)
        {
            rows.Add([.. Decode(_keyOf[group]), .. _accumulators.Select(a => _keyOf.Count > 0 ? a.Result(group) : null)]);
        }

        rows.Sort((a, b) =>
        {
            for (int i = 0; i < _keys.Length; i++)
            {
                int order = Compare(a[i], b[i]);
                if (order != 0)
                {
                    return order;
                }
            }

            return 0;
        });
        return rows;
    }

    private static int Compare(object? a, object? b) => (a, b) switch
    {
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        (string x, string y) => string.CompareOrdinal(x, y),
        _ => Comparer<object>.Default.Compare(a, b),
    };

    private int GroupOf(ReadOnlySpan<byte> key)
    {
        Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> lookup = _groups.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(key, out int group))
        {
            return group;
        }

        byte[] kept = key.ToArray();
        _keyOf.Add(kept);
        _groups.Add(kept, _keyOf.Count - 1);
        return _keyOf.Count - 1;
    }

    private int Encode(ColumnVector column, int row, int at)
    {
        bool isValid = column.IsValid(row);
        int width = column.Type.Width;
        int needed = at + 5 + (column.Type.IsVariableWidth && isValid ? column.BytesAt(row).Length : 16);
        if (needed > _key.Length)
        {
            Array.Resize(ref _key, Math.Max(needed, 2 * _key.Length));
        }

        _key[at++] = isValid ? (byte)1 : (byte)0;
        if (!isValid)
        {
            return at;
        }

        if (column.Type.IsVariableWidth)
        {
            ReadOnlySpan<byte> bytes = column.BytesAt(row);
            BinaryPrimitives.WriteInt32LittleEndian(_key.AsSpan(at), bytes.Length);
            bytes.CopyTo(_key.AsSpan(at + 4));
            return at + 4 + bytes.Length;
        }

        if (width == 0)
        {
            _key[at] = column.BooleanAt(row) ? (byte)1 : (byte)0;
            return at + 1;
        }

        column.Bytes.Slice(row * width, width).CopyTo(_key.AsSpan(at));
        return at + width;
    }

    private IEnumerable<object?> Decode(byte[] key)
    {
        int at = 0;
        foreach (Field field in _keys)
        {
            if (key[at++] == 0)
            {
                yield return null;
                continue;
            }

            int width = field.Type.IsVariableWidth ? BinaryPrimitives.ReadInt32LittleEndian(key.AsSpan(at)) : Math.Max(1, field.Type.Width);
            at += field.Type.IsVariableWidth ? 4 : 0;
            yield return DecodeOne(field.Type, key.AsSpan(at, width));
            at += width;
        }
    }

    private static object DecodeOne(ColumnType type, ReadOnlySpan<byte> bytes) => type.Kind switch
    {
        TypeKind.Boolean => bytes[0] != 0,
        TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis => Cells.Integer(type, MemoryMarshal.Read<int>(bytes)),
        TypeKind.Float => MemoryMarshal.Read<float>(bytes),
        TypeKind.Double => MemoryMarshal.Read<double>(bytes),
        TypeKind.Decimal => Cells.Integer(type, MemoryMarshal.Read<Int128>(bytes)),
        TypeKind.String or TypeKind.Binary => Cells.Bytes(type, bytes),
        _ => Cells.Integer(type, MemoryMarshal.Read<long>(bytes)),
    };

    /// <summary>Equality of keys by content, for arrays and spans alike. The hash is not persisted.</summary>
    private sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        internal static readonly KeyComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
