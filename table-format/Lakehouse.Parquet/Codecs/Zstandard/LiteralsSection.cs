using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// Writes the literals of blocks (RFC 8878 section 3.1.1.3.1): as they are, as one byte repeated, or as Huffman codes. The code of the block
/// before is used again while it does as well as it did there, which saves counting bytes as well as describing another code.
/// </summary>
internal sealed class LiteralsSection
{
    private const int CompressedMin = 64;
    private const int FourStreamsMin = 256;
    private const int HeadBytesMax = 5 + HuffmanCode.DescriptionBytesMax + 6;

    // Of 64 bytes one at least has to be saved, and codes used again may be longer by one in 64.
    private const int GainShift = 6;
    private readonly HuffmanCode _code = new();
    private readonly int[] _counts = new int[4 * 256];
    private bool _isDescribed;
    private double _bytesPerLiteral;

    private enum Kind
    {
        Raw,
        Repeated,
        Described,
        DescribedBefore,
    }

    /// <summary>Bytes of a section at most, with the slack that writing it needs.</summary>
    internal static int BytesMax(int literals) => HeadBytesMax + (4 * HuffmanStream.BytesMax((literals / 4) + 4));

    /// <summary>Forgets the code: a frame begins, or the reader does not see the block that describes it.</summary>
    internal void Forget() => _isDescribed = false;

    /// <summary>Writes the section into a target of <see cref="BytesMax"/>; gives its bytes.</summary>
    internal int Write(ReadOnlySpan<byte> literals, Span<byte> target)
    {
        if (literals.Length < CompressedMin)
        {
            return WriteRaw(literals, target);
        }

        int head = HeadBytes(literals.Length);
        if (_isDescribed)
        {
            int streams = WriteStreams(literals, target[head..]);
            if (streams > 0 && streams <= literals.Length * _bytesPerLiteral * (1 + (1.0 / (1 << GainShift))))
            {
                WriteHead(Kind.DescribedBefore, literals.Length, streams, target);
                return head + streams;
            }
        }

        Span<int> counts = Count(literals);
        int most = 0;
        foreach (int count in counts)
        {
            most = Math.Max(most, count);
        }

        if (most == literals.Length)
        {
            int length = WriteSize(Kind.Repeated, literals.Length, target);
            target[length] = literals[0];
            return length + 1;
        }

        if (most <= literals.Length >> 7)
        {
            return WriteRaw(literals, target); // < As flat as that, codes of 8 bits would do no better.
        }

        int limit = literals.Length - (literals.Length >> GainShift);
        if (_code.Build(counts) / 8 >= limit)
        {
            _isDescribed = false;
            return WriteRaw(literals, target);
        }

        int description = _code.WriteDescription(target[head..]);
        int coded = description + WriteStreams(literals, target[(head + description)..]);
        if (description == 0 || coded >= limit)
        {
            _isDescribed = false;
            return WriteRaw(literals, target);
        }

        WriteHead(Kind.Described, literals.Length, coded, target);
        _isDescribed = true;
        _bytesPerLiteral = (double)(coded - description) / literals.Length;
        return head + coded;
    }

    private static int WriteRaw(ReadOnlySpan<byte> literals, Span<byte> target)
    {
        int head = WriteSize(Kind.Raw, literals.Length, target);
        literals.CopyTo(target[head..]);
        return head + literals.Length;
    }

    private static int WriteSize(Kind kind, int count, Span<byte> target)
    {
        switch (count)
        {
            case < 32:
                target[0] = (byte)((int)kind | (count << 3));
                return 1;
            case < 4096:
                BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)((int)kind | (1 << 2) | (count << 4)));
                return 2;
            default:
                BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)kind | (3 << 2) | ((uint)count << 4));
                return 3;
        }
    }

    private static int HeadBytes(int count) => count < 1024 ? 3 : count < 16384 ? 4 : 5;

    private static void WriteHead(Kind kind, int count, int coded, Span<byte> target)
    {
        (ulong format, int bits) = count switch
        {
            < FourStreamsMin => (0ul, 10),
            < 1024 => (1ul, 10),
            < 16384 => (2ul, 14),
            _ => (3ul, 18),
        };
        ulong head = (ulong)kind | (format << 2) | ((ulong)count << 4) | ((ulong)coded << (4 + bits));
        for (int i = 0; i < HeadBytes(count); i++)
        {
            target[i] = (byte)(head >> (8 * i));
        }
    }

    // < -1 when the code lacks a byte that is there.
    private int WriteStreams(ReadOnlySpan<byte> literals, Span<byte> target)
    {
        if (literals.Length < FourStreamsMin)
        {
            return HuffmanStream.Write(literals, _code, target);
        }

        int each = (literals.Length + 3) / 4;
        int at = 6;
        for (int i = 0; i < 4; i++)
        {
            int bytes = HuffmanStream.Write(i < 3 ? literals.Slice(i * each, each) : literals[(3 * each)..], _code, target[at..]);
            if (bytes < 0)
            {
                return -1;
            }

            if (i < 3)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(target[(2 * i)..], checked((ushort)bytes));
            }

            at += bytes;
        }

        return at;
    }

    // < Four tables, as a byte that comes again at once would wait for its own count.
    private Span<int> Count(ReadOnlySpan<byte> literals)
    {
        Span<int> counts = _counts;
        counts.Clear();
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(literals);
        ref int first = ref MemoryMarshal.GetReference(counts);
        foreach (ulong word in words)
        {
            Unsafe.Add(ref first, (byte)word)++;
            Unsafe.Add(ref first, 256 + (byte)(word >> 8))++;
            Unsafe.Add(ref first, 512 + (byte)(word >> 16))++;
            Unsafe.Add(ref first, 768 + (byte)(word >> 24))++;
            Unsafe.Add(ref first, (byte)(word >> 32))++;
            Unsafe.Add(ref first, 256 + (byte)(word >> 40))++;
            Unsafe.Add(ref first, 512 + (byte)(word >> 48))++;
            Unsafe.Add(ref first, 768 + (byte)(word >> 56))++;
        }

        foreach (byte b in literals[(words.Length * 8)..])
        {
            counts[b]++;
        }

        Span<int> sums = counts[..256];
        for (int i = 0; i < 256; i++)
        {
            sums[i] += counts[256 + i] + counts[512 + i] + counts[768 + i];
        }

        return sums;
    }
}
