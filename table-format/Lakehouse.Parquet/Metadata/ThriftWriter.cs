using System.Text;

namespace Lakehouse.Parquet;

/// <summary>
/// Thrift compact protocol, writing. Field header: <c>dddd tttt</c> with the distance to the last field id and the type, or
/// <c>0000 tttt</c> and the zigzag id when the distance exceeds 15. Integers are zigzag varints, bytes follow their varint length, a
/// struct ends with 0. <see cref="BeginStruct"/> gives the last id of the outer struct, which goes back in at <see cref="EndStruct"/>.
/// </summary>
internal ref struct ThriftWriter(PooledBuffer target)
{
    internal const byte True = 1;
    internal const byte False = 2;
    internal const byte I16Type = 4;
    internal const byte I32Type = 5;
    internal const byte I64Type = 6;
    internal const byte BinaryType = 8;
    internal const byte ListType = 9;
    internal const byte StructType = 12;

    private short _lastId;

    internal readonly int Position => target.Length;

    internal short BeginStruct(short id)
    {
        Header(id, StructType);
        return BeginElement();
    }

    internal short BeginElement()
    {
        short outer = _lastId;
        _lastId = 0;
        return outer;
    }

    internal void EndStruct(short outer)
    {
        target.AppendByte(0);
        _lastId = outer;
    }

    internal void Bool(short id, bool value) => Header(id, value ? True : False);

    internal void I16(short id, short value)
    {
        Header(id, I16Type);
        ZigZag(value);
    }

    internal void I32(short id, int value)
    {
        Header(id, I32Type);
        ZigZag(value);
    }

    internal void I64(short id, long value)
    {
        Header(id, I64Type);
        ZigZag(value);
    }

    /// <summary>A 32-bit integer in five bytes whatever its value, so that it can be patched in place.</summary>
    internal void PaddedI32(short id, int value)
    {
        Header(id, I32Type);
        WritePaddedZigZag(value, target.Reserve(5));
        target.Advance(5);
    }

    internal void Binary(short id, ReadOnlySpan<byte> value)
    {
        Header(id, BinaryType);
        BinaryElement(value);
    }

    internal void String(short id, string value) => Binary(id, Encoding.UTF8.GetBytes(value));

    internal void List(short id, byte elementType, int count)
    {
        Header(id, ListType);
        if (count < 15)
        {
            target.AppendByte((byte)((count << 4) | elementType));
        }
        else
        {
            target.AppendByte((byte)(0xF0 | elementType));
            VarInt((ulong)count);
        }
    }

    internal void I64List(short id, scoped ReadOnlySpan<long> values)
    {
        List(id, I64Type, values.Length);
        foreach (long value in values)
        {
            ZigZag(value);
        }
    }

    internal readonly void BinaryElement(ReadOnlySpan<byte> value)
    {
        VarInt((ulong)value.Length);
        target.Append(value);
    }

    internal readonly void BoolElement(bool value) => target.AppendByte(value ? True : False);

    internal readonly void ZigZag(long value) => VarInt((ulong)((value << 1) ^ (value >> 63)));

    internal static void WritePaddedZigZag(int value, Span<byte> destination)
    {
        uint rest = (uint)((value << 1) ^ (value >> 31));
        for (int i = 0; i < 4; i++, rest >>= 7)
        {
            destination[i] = (byte)(rest | 0x80);
        }

        destination[4] = (byte)rest;
    }

    private readonly void VarInt(ulong value)
    {
        while (value >= 0x80)
        {
            target.AppendByte((byte)(value | 0x80));
            value >>= 7;
        }

        target.AppendByte((byte)value);
    }

    private void Header(short id, byte type)
    {
        int distance = id - _lastId;
        if (distance is > 0 and <= 15)
        {
            target.AppendByte((byte)((distance << 4) | type));
        }
        else
        {
            target.AppendByte(type);
            ZigZag(id);
        }

        _lastId = id;
    }
}
