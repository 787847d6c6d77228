using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Lakehouse.Hudi;

/// <summary>
/// Avro's binary encoding (Avro specification, binary encoding and object container files), as far as Hudi's timeline needs it:
/// <code>
/// long, int = zigzag varint | double = 8 bytes | string = length, UTF-8 | union = index, value | array, map = count, items, 0
/// container = "Obj" 1 | map of metadata { avro.schema } | sync[16] | count 1, byte length, record | sync[16]
/// </code>
/// </summary>
internal sealed class AvroWriter
{
    private const int SyncLength = 16;
    private readonly ArrayBufferWriter<byte> _bytes = new();

    private static ReadOnlySpan<byte> Magic => "Obj\u0001"u8;

    /// <summary>
    /// One record as a file. Whoever writes the same record writes the same bytes: the sync marker comes from the content, not from chance.
    /// </summary>
    internal static byte[] Container(string schema, Action<AvroWriter> record)
    {
        var body = new AvroWriter();
        record(body);
        ReadOnlySpan<byte> sync = SHA256.HashData(body._bytes.WrittenSpan).AsSpan(0, SyncLength);
        var file = new AvroWriter();
        file._bytes.Write(Magic);
        file.Map([KeyValuePair.Create("avro.schema", schema)], static (writer, text) => writer.Text(text));
        file._bytes.Write(sync);
        file.Long(1);
        file.Long(body._bytes.WrittenCount);
        file._bytes.Write(body._bytes.WrittenSpan);
        file._bytes.Write(sync);
        return file._bytes.WrittenSpan.ToArray();
    }

    internal void Long(long value)
    {
        ulong left = (ulong)((value << 1) ^ (value >> 63));
        for (; left >= 0x80; left >>= 7)
        {
            Byte((byte)(left | 0x80));
        }

        Byte((byte)left);
    }

    internal void Text(string value)
    {
        Long(Encoding.UTF8.GetByteCount(value));
        _bytes.Write(Encoding.UTF8.GetBytes(value));
    }

    internal void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(sizeof(double)), value);

    internal void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    /// <summary>Which branch of a union follows; for <c>["null", T]</c> 0 is the null itself.</summary>
    internal void Branch(int index) => Long(index);

    internal void TextOrNull(string? value)
    {
        Branch(value is null ? 0 : 1);
        if (value is not null)
        {
            Text(value);
        }
    }

    internal void Array<T>(IReadOnlyCollection<T> items, Action<AvroWriter, T> item)
    {
        if (items.Count > 0)
        {
            Long(items.Count);
            foreach (T one in items)
            {
                item(this, one);
            }
        }

        Long(0);
    }

    internal void Map<T>(IReadOnlyCollection<KeyValuePair<string, T>> entries, Action<AvroWriter, T> value) =>
        Array(entries, (writer, entry) =>
        {
            writer.Text(entry.Key);
            value(writer, entry.Value);
        });

    private void Byte(byte value) => Take(1)[0] = value;

    private Span<byte> Take(int count)
    {
        Span<byte> room = _bytes.GetSpan(count)[..count];
        _bytes.Advance(count);
        return room;
    }
}
