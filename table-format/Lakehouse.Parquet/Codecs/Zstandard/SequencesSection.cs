using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>Writes the sequences of a block (RFC 8878 section 3.1.1.3.2): three codes made for the block, and one stream from the last to the first.</summary>
internal sealed class SequencesSection
{
    // The count, the modes and three descriptions; then three states of 9 bits at most, and 16, 16 and 31 further bits.
    private const int HeadBytesMax = 512;
    private const int SequenceBytesMax = 12;
    private const int OffsetsFrom = FseTables.SymbolsEach;
    private const int CopiesFrom = 2 * FseTables.SymbolsEach;

    // Symbols in one step, and sequences from which on it pays to make the steps.
    private const int LeapCount = 8;
    private const int LeapsFrom = 2048;
    private const int ModeSingle = 1;
    private const int ModeDescribed = 2;
    private static readonly LengthCodes Literals = LengthCodes.OfLiterals;
    private static readonly LengthCodes Copies = LengthCodes.OfCopies;
    private readonly FseTables _tables = new(3);
    private readonly FseCode _literalCode;
    private readonly FseCode _offsetCode;
    private readonly FseCode _copyCode;
    private readonly Codes[] _codes = new Codes[BlockParts.SequencesMax];
    private readonly Leap[] _leaps = new Leap[2 * FseTables.StatesEach];
    private readonly int[] _counts = new int[3 * FseTables.SymbolsEach];

    internal SequencesSection()
    {
        _literalCode = new FseCode(_tables, 0, Literals.Bits.Length, 9);
        _offsetCode = new FseCode(_tables, 1, 32, 8);
        _copyCode = new FseCode(_tables, 2, Copies.Bits.Length, 9);
    }

    /// <summary>Bytes of a section at most, with the slack that writing it needs.</summary>
    internal static int BytesMax(int sequences) => HeadBytesMax + (sequences * SequenceBytesMax);

    /// <summary>Writes the section into a target of <see cref="BytesMax"/>; gives its bytes.</summary>
    internal int Write(BlockParts parts, Span<byte> target)
    {
        int at = WriteCount(parts.Count, target);
        if (parts.Count == 0)
        {
            return at;
        }

        Code(parts);
        ref byte modes = ref target[at++];
        modes = 0;
        Codes first = _codes[0];
        at += Describe(_literalCode, _counts.AsSpan(0, FseTables.SymbolsEach), first.Literal, 6, ref modes, target[at..]);
        at += Describe(_offsetCode, _counts.AsSpan(OffsetsFrom, FseTables.SymbolsEach), first.Offset, 4, ref modes, target[at..]);
        at += Describe(_copyCode, _counts.AsSpan(CopiesFrom, FseTables.SymbolsEach), first.Copy, 2, ref modes, target[at..]);
        return at + WriteStream(parts.Sequences.AsSpan(0, parts.Count), target[at..]);
    }

    private static int WriteCount(int count, Span<byte> target)
    {
        switch (count)
        {
            case < 128:
                target[0] = (byte)count;
                return 1;
            case < 0x7F00:
                target[0] = (byte)((count >> 8) + 128);
                target[1] = (byte)count;
                return 2;
            default:
                target[0] = 255;
                BinaryPrimitives.WriteUInt16LittleEndian(target[1..], (ushort)(count - 0x7F00));
                return 3;
        }
    }

    private void Code(BlockParts parts)
    {
        Span<int> counts = _counts;
        counts.Clear();
        ReadOnlySpan<BlockParts.Sequence> sequences = parts.Sequences.AsSpan(0, parts.Count);
        Span<Codes> codes = _codes.AsSpan(0, parts.Count);
        var last = default(BlockParts.Sequence);
        Codes code = CodesOf(last with { CopyLength = BlockParts.CopyMin });
        int same = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            // < Where values share bytes nearly all sequences are the same one.
            ref readonly BlockParts.Sequence sequence = ref sequences[i];
            if (sequence != last)
            {
                Count(counts, code, same);
                (last, code, same) = (sequence, CodesOf(sequence), 0);
            }

            codes[i] = code;
            same++;
        }

        Count(counts, code, same);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Codes CodesOf(in BlockParts.Sequence sequence) => new(
        Literals.CodeOf(sequence.LiteralLength), (byte)BitOperations.Log2((uint)sequence.Offset),
        Copies.CodeOf(sequence.CopyLength - BlockParts.CopyMin));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Count(Span<int> counts, Codes code, int times)
    {
        counts[code.Literal] += times;
        counts[OffsetsFrom + code.Offset] += times;
        counts[CopiesFrom + code.Copy] += times;
    }

    private static int Describe(FseCode code, ReadOnlySpan<int> counts, byte first, int shift, ref byte modes, Span<byte> target)
    {
        code.Build(counts);
        if (code.Log == 0)
        {
            modes |= (byte)(ModeSingle << shift);
            target[0] = first;
            return 1;
        }

        modes |= (byte)(ModeDescribed << shift);
        return code.WriteShares(target);
    }

    private int WriteStream(ReadOnlySpan<BlockParts.Sequence> sequences, Span<byte> target)
    {
        var sink = new BitSink(target, sequences.Length * SequenceBytesMax);
        ref FseTables.Move moves = ref MemoryMarshal.GetArrayDataReference(_tables.Moves);
        ref ushort states = ref MemoryMarshal.GetArrayDataReference(_tables.States);
        ref Leap leaps = ref MemoryMarshal.GetArrayDataReference(_leaps);
        ref byte literalBits = ref MemoryMarshal.GetArrayDataReference(Literals.Bits);
        ref byte copyBits = ref MemoryMarshal.GetArrayDataReference(Copies.Bits);
        ReadOnlySpan<Codes> codes = _codes.AsSpan(0, sequences.Length);
        Codes code = codes[^1];
        uint copy = _copyCode.Start(code.Copy);
        uint offset = _offsetCode.Start(code.Offset);
        uint literal = _literalCode.Start(code.Literal);
        (bool offsetsDiffer, bool copiesDiffer, bool literalsDiffer) = (_offsetCode.Log > 0, _copyCode.Log > 0, _literalCode.Log > 0);
        bool lengthsHaveBits = LengthsHaveBits();
        int leaping = copiesDiffer || offsetsDiffer || code.Offset + Copies.Bits[code.Copy] > 0 ? -1 : MakeLeaps(codes.Length);
        for (int i = sequences.Length - 1; ;)
        {
            ref readonly BlockParts.Sequence sequence = ref sequences[i];
            if (lengthsHaveBits)
            {
                sink.AddLow((uint)sequence.LiteralLength, Unsafe.Add(ref literalBits, code.Literal));
                sink.AddLow((uint)(sequence.CopyLength - BlockParts.CopyMin), Unsafe.Add(ref copyBits, code.Copy));
                sink.Flush();
            }

            sink.AddLow((uint)sequence.Offset, code.Offset);
            if (--i < 0)
            {
                break;
            }

            while (leaping >= 0 && AreAll(codes, i, leaping))
            {
                sink.Flush();
                Take(ref leaps, ref sink, ref literal);
                i -= LeapCount;
            }

            // < An offset of 20 bits, three states of 9 and what was left of a byte are less than 56.
            if (code.Offset > 20 || leaping >= 0)
            {
                sink.Flush();
            }

            // < A code of one symbol takes no bits.
            code = codes[i];
            if (offsetsDiffer)
            {
                FseTables.Encode(ref moves, ref states, ref sink, ref offset, OffsetsFrom + code.Offset);
            }

            if (copiesDiffer)
            {
                FseTables.Encode(ref moves, ref states, ref sink, ref copy, CopiesFrom + code.Copy);
            }

            if (literalsDiffer)
            {
                FseTables.Encode(ref moves, ref states, ref sink, ref literal, code.Literal);
            }

            sink.Flush();
        }

        sink.Flush();
        _copyCode.End(ref sink, copy);
        _offsetCode.End(ref sink, offset);
        _literalCode.End(ref sink, literal);
        return sink.Close();
    }

    // < One more has to be left, with which the loop goes on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreAll(ReadOnlySpan<Codes> codes, int last, int literal)
    {
        if (last < LeapCount)
        {
            return false;
        }

        int differ = 0;
        ref Codes code = ref Unsafe.Add(ref MemoryMarshal.GetReference(codes), last);
        for (int i = 0; i < LeapCount; i++)
        {
            differ |= Unsafe.Subtract(ref code, i).Literal ^ literal;
        }

        return differ == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(ref Leap leaps, ref BitSink sink, ref uint state)
    {
        Leap leap = Unsafe.Add(ref leaps, (nint)state); // < There is one for each state.
        sink.Add(leap.Bits, leap.BitCount);
        state = leap.State;
    }

    /// <summary>
    /// Where the codes of literals are nearly all one that has no further bits: what it does to each state when it comes several times, a bit
    /// each time at most, as it has more than half of the states. Gives that code; -1 where there is none.
    /// </summary>
    private int MakeLeaps(int count)
    {
        int most = 0;
        for (int symbol = 1; symbol < FseTables.SymbolsEach; symbol++)
        {
            most = _counts[symbol] > _counts[most] ? symbol : most;
        }

        if (count < LeapsFrom || _counts[most] < count / 4 * 3 || _counts[most] == count || Literals.Bits[most] > 0)
        {
            return -1;
        }

        ref FseTables.Move moves = ref MemoryMarshal.GetArrayDataReference(_tables.Moves);
        ref ushort states = ref MemoryMarshal.GetArrayDataReference(_tables.States);
        FseTables.Move move = Unsafe.Add(ref moves, most);
        for (uint from = 1u << _literalCode.Log; from < 2u << _literalCode.Log; from++)
        {
            uint state = from;
            (uint bits, int bitCount) = (0, 0);
            for (int i = 0; i < LeapCount; i++)
            {
                int written = (int)(state + (uint)move.BitsDelta) >> 16;
                bits |= (state & ((1u << written) - 1)) << bitCount;
                bitCount += written;
                state = Unsafe.Add(ref states, (int)(state >> written) + move.StateDelta);
            }

            _leaps[from] = new Leap((ushort)bits, (ushort)bitCount, state);
        }

        return most;
    }

    private bool LengthsHaveBits()
    {
        for (int code = 0; code < FseTables.SymbolsEach; code++)
        {
            if ((_counts[code] > 0 && Literals.Bits[code] > 0) || (_counts[CopiesFrom + code] > 0 && Copies.Bits[code] > 0))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Leap(ushort Bits, ushort BitCount, uint State);

    private readonly record struct Codes(byte Literal, byte Offset, byte Copy);
}
