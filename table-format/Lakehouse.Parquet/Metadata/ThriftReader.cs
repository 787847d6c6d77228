using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Lakehouse.Parquet;

/// <summary>
/// Thrift compact protocol, reading (wire form at <see cref="ThriftWriter"/>). Trusts nothing: every length is held against the bytes
/// that are left, nesting is bounded, unknown fields are skipped. Throws <see cref="ParquetFormatException"/> without a file's name;
/// the caller adds it.
/// </summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> source)
{
    private const int DepthMax = 64;
    private readonly ReadOnlySpan<byte> _source = source;
    private short _lastId;
    private int _depth;

    internal int Position { get; private set; }

    private readonly int Left => _source.Length - Position;

    /// <summary>Enters a struct; what it returns goes back in at <see cref="EndStruct"/>.</summary>
    internal short BeginStruct()
    {
        if (++_depth > DepthMax)
        {
            Fail("structs are nested too deeply");
        }

        short outer = _lastId;
        _lastId = 0;
        return outer;
    }

    internal void EndStruct(short outer)
    {
        _depth--;
        _lastId = outer;
    }

    /// <summary>The next field of the struct; false at its end.</summary>
    internal bool NextField(out short id, out byte type)
    {
        byte header = Byte();
        type = (byte)(header & 0x0F);
        id = 0;
        if (header == 0)
        {
            return false;
        }

        int distance = header >> 4;
        long next = distance != 0 ? _lastId + distance : ZigZag();
        if (next is <= 0 or > short.MaxValue)
        {
            Fail($"field id {next}");
        }

        _lastId = id = (short)next;
        return true;
    }

    internal static bool Bool(byte type) => Checked(type is ThriftWriter.True or ThriftWriter.False, type) && type == ThriftWriter.True;

    internal short I16(byte type) => checked((short)Integer(type, short.MinValue, short.MaxValue));

    internal int I32(byte type) => (int)Integer(type, int.MinValue, int.MaxValue);

    internal long I64(byte type) => Integer(type, long.MinValue, long.MaxValue);

    internal ReadOnlySpan<byte> Binary(byte type)
    {
        Checked(type == ThriftWriter.BinaryType, type);
        ulong length = VarInt();
        if (length > (ulong)Left)
        {
            Fail($"a value of {length} bytes where {Left} are left");
        }

        ReadOnlySpan<byte> value = _source.Slice(Position, (int)length);
        Position += (int)length;
        return value;
    }

    internal string String(byte type) => Encoding.UTF8.GetString(Binary(type));

    /// <summary>Enters a list: its length, at most the bytes that are left, as no element here is smaller than one.</summary>
    internal int List(byte type, out byte elementType)
    {
        Checked(type == ThriftWriter.ListType, type);
        byte header = Byte();
        elementType = (byte)(header & 0x0F);
        ulong count = (ulong)(header >> 4);
        if (count == 15)
        {
            count = VarInt();
        }

        if (count > (ulong)Left)
        {
            Fail($"a list of {count} elements where {Left} bytes are left");
        }

        return (int)count;
    }

    internal ImmutableArray<long> I64List(byte type)
    {
        long[] values = new long[List(type, out byte elementType)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = I64(elementType);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }

    internal bool BoolElement() => Byte() == ThriftWriter.True;

    internal void Skip(byte type)
    {
        switch (type)
        {
            case ThriftWriter.True or ThriftWriter.False:
                break;
            case 3:
                Byte();
                break;
            case ThriftWriter.I16Type or ThriftWriter.I32Type or ThriftWriter.I64Type:
                VarInt();
                break;
            case 7:
                Advance(8);
                break;
            case ThriftWriter.BinaryType:
                Binary(type);
                break;
            case ThriftWriter.ListType or 10:
                SkipList();
                break;
            case 11:
                SkipMap();
                break;
            case ThriftWriter.StructType:
                SkipStruct();
                break;
            case 13:
                Advance(16);
                break;
            default:
                Fail($"unknown thrift type {type}");
                break;
        }
    }

    private void SkipStruct()
    {
        short outer = BeginStruct();
        while (NextField(out _, out byte type))
        {
            Skip(type);
        }

        EndStruct(outer);
    }

    private void SkipList()
    {
        int count = List(ThriftWriter.ListType, out byte elementType);
        Enter();
        for (int i = 0; i < count; i++)
        {
            SkipElement(elementType);
        }

        _depth--;
    }

    private void SkipMap()
    {
        ulong count = VarInt();
        if (count == 0)
        {
            return;
        }

        if (count > (ulong)Left)
        {
            Fail($"a map of {count} entries where {Left} bytes are left");
        }

        byte types = Byte();
        Enter();
        for (ulong i = 0; i < count; i++)
        {
            SkipElement((byte)(types >> 4));
            SkipElement((byte)(types & 0x0F));
        }

        _depth--;
    }

    // < Inside a list or map a boolean is a byte of its own.
    private void SkipElement(byte type)
    {
        if (type is ThriftWriter.True or ThriftWriter.False)
        {
            Byte();
        }
        else
        {
            Skip(type);
        }
    }

    private void Enter()
    {
        if (++_depth > DepthMax)
        {
            Fail("lists are nested too deeply");
        }
    }

    private long Integer(byte type, long min, long max)
    {
        Checked(type is 3 or ThriftWriter.I16Type or ThriftWriter.I32Type or ThriftWriter.I64Type, type);
        long value = type == 3 ? (sbyte)Byte() : ZigZag();
        if (value < min || value > max)
        {
            Fail($"integer {value} out of range");
        }

        return value;
    }

    private long ZigZag()
    {
        ulong value = VarInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong VarInt()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        Fail("a varint longer than ten bytes");
        return 0;
    }

    private byte Byte()
    {
        if (Left == 0)
        {
            Fail("the bytes end early");
        }

        return _source[Position++];
    }

    private void Advance(int bytes)
    {
        if (bytes > Left)
        {
            Fail("the bytes end early");
        }

        Position += bytes;
    }

    private static bool Checked(bool expected, byte type)
    {
        if (!expected)
        {
            throw new ParquetFormatException($"Thrift type {type} where another is due.");
        }

        return true;
    }

    [DoesNotReturn]
    private readonly void Fail(string reason) => throw new ParquetFormatException($"Not thrift at byte {Position}: {reason}.");
}
