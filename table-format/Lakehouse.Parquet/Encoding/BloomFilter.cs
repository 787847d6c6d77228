using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// A split block bloom filter over the values of a chunk (BloomFilter.md). Values are hashed as their PLAIN bytes, byte arrays without their
/// length. The upper half of a hash chooses a block of 32 bytes, the lower half one bit in each of its eight words.
/// <code>
/// header (thrift: 1 bytes of the bitset, 2 algorithm {1 BLOCK}, 3 hash {1 XXHASH}, 4 compression {1 UNCOMPRESSED}) | blocks
/// block: 8 words of 32 bits, little endian
/// </code>
/// Reading is thread safe, inserting is not.
/// </summary>
public sealed class BloomFilter
{
    /// <summary>Bytes of a block.</summary>
    internal const int BlockBytes = 32;

    /// <summary>Bytes that no header written by anybody exceeds.</summary>
    internal const int HeaderBytesMax = 64;

    private const int BytesMax = 128 << 20;
    private readonly uint[] _words;

    /// <summary>An empty filter of so many blocks.</summary>
    internal BloomFilter(int blockCount)
        : this(new uint[blockCount * BlockBytes / sizeof(uint)])
    {
    }

    private BloomFilter(uint[] words) => _words = words;

    private static ReadOnlySpan<uint> Salts =>
        [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];

    /// <summary>How many blocks there are.</summary>
    internal int BlockCount => _words.Length * sizeof(uint) / BlockBytes;

    /// <summary>The blocks as they lie in a file.</summary>
    internal ReadOnlySpan<byte> Bitset => MemoryMarshal.AsBytes(_words.AsSpan());

    /// <summary>The hash of a value's PLAIN bytes, a byte array's without its length.</summary>
    public static ulong Hash(ReadOnlySpan<byte> value) => XxHash64.Of(value);

    /// <summary>False when no value with this hash is in the chunk.</summary>
    public bool MightContain(ulong hash)
    {
        ReadOnlySpan<uint> block = Block(hash);
        for (int i = 0; i < block.Length; i++)
        {
            if ((block[i] & Bit(hash, i)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    internal void Insert(ulong hash)
    {
        Span<uint> block = Block(hash);
        for (int i = 0; i < block.Length; i++)
        {
            block[i] |= Bit(hash, i);
        }
    }

    /// <summary>The filter as it lies in a file, header first.</summary>
    internal byte[] ToBytes()
    {
        using var target = new PooledBuffer(HeaderBytesMax);
        WriteHeader(target);
        target.Append(Bitset);
        return target.Written.ToArray();
    }

    /// <summary>Forgets all values.</summary>
    internal void Clear() => _words.AsSpan().Clear();

    /// <summary>Writes the header; the blocks follow.</summary>
    internal void WriteHeader(PooledBuffer target) => WriteHeader(target, _words.Length * sizeof(uint));

    /// <summary>The same for blocks of so many bytes.</summary>
    internal static void WriteHeader(PooledBuffer target, int bytes)
    {
        var writer = new ThriftWriter(target);
        short outer = writer.BeginElement();
        writer.I32(1, bytes);
        for (short union = 2; union <= 4; union++)
        {
            short choice = writer.BeginStruct(union);
            writer.EndStruct(writer.BeginStruct(1));
            writer.EndStruct(choice);
        }

        writer.EndStruct(outer);
    }

    /// <summary>
    /// Reads a header: how many bytes the blocks have, which begin after <paramref name="headerBytes"/>. Throws
    /// <see cref="ParquetFormatException"/> for a filter of another kind, or a size that makes no sense.
    /// </summary>
    internal static int ReadHeader(ReadOnlySpan<byte> source, out int headerBytes)
    {
        var reader = new ThriftReader(source);
        int bytes = 0;
        int known = 0;
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            if (id == 1)
            {
                bytes = reader.I32(type);
            }
            else if (id is >= 2 and <= 4 && type == ThriftWriter.StructType)
            {
                short union = reader.BeginStruct();
                while (reader.NextField(out short choice, out byte choiceType))
                {
                    known += choice == 1 ? 1 : 0;
                    reader.Skip(choiceType);
                }

                reader.EndStruct(union);
            }
            else
            {
                reader.Skip(type);
            }
        }

        reader.EndStruct(outer);
        headerBytes = reader.Position;
        if (bytes is < BlockBytes or > BytesMax || bytes % BlockBytes != 0 || known != 3)
        {
            throw new ParquetFormatException($"A bloom filter of {bytes} bytes, or of a kind that is not known.");
        }

        return bytes;
    }

    /// <summary>A filter from its blocks.</summary>
    internal static BloomFilter Of(ReadOnlySpan<byte> bitset) => new(MemoryMarshal.Cast<byte, uint>(bitset).ToArray());

    private static uint Bit(ulong hash, int word) => 1u << (int)(((uint)hash * Salts[word]) >> 27);

    private Span<uint> Block(ulong hash)
    {
        int block = (int)(((hash >> 32) * (uint)BlockCount) >> 32);
        return _words.AsSpan(block * BlockBytes / sizeof(uint), BlockBytes / sizeof(uint));
    }
}
