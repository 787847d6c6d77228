using System.Numerics;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// A Huffman code of at most 11 bits over bytes, and its description (RFC 8878 section 4.2). An entry of the table is <c>length &lt;&lt; 12 | code</c>,
/// 0 for a byte that the code does not have; it is kept in two halves, as vectors look bytes up.
/// </summary>
internal sealed class HuffmanCode
{
    internal const int BitsMax = 11;

    // A description that is taken is 129 bytes at most, but weights are coded before that is known.
    internal const int DescriptionBytesMax = 512;
    private const int Symbols = 256;
    private readonly byte[] _lengths = new byte[Symbols];
    private readonly byte[] _weights = new byte[Symbols];
    private readonly ulong[] _order = new ulong[Symbols];
    private readonly int[] _parents = new int[2 * Symbols];
    private readonly long[] _sums = new long[2 * Symbols];
    private readonly FseTables _tables = new(1);
    private readonly FseCode _weightCode;

    internal HuffmanCode() => _weightCode = new FseCode(_tables, 0, BitsMax + 2, 6);

    /// <summary>The lower bytes of the entries.</summary>
    internal byte[] Low { get; } = new byte[Symbols];

    /// <summary>The upper bytes of the entries.</summary>
    internal byte[] High { get; } = new byte[Symbols];

    /// <summary>Bits of the longest code.</summary>
    internal int LongestBits { get; private set; }

    /// <summary>Makes the code for bytes that occur so often, two different ones at least; gives the bits that they all take.</summary>
    internal long Build(ReadOnlySpan<int> counts)
    {
        int present = Sort(counts);
        Invariant.Holds(present > 1, "a Huffman code has two symbols");
        MeasureDepths(present);
        LimitLengths(present);
        AssignCodes();
        long bits = 0;
        for (int s = 0; s < Symbols; s++)
        {
            bits += (long)counts[s] * _lengths[s];
        }

        return bits;
    }

    /// <summary>Writes the description; gives its bytes, 0 when this code has none: more than 128 weights that are all one.</summary>
    internal int WriteDescription(Span<byte> target)
    {
        int count = _weights.AsSpan().LastIndexOfAnyExcept((byte)0); // < The last weight follows from the others.
        ReadOnlySpan<byte> weights = _weights.AsSpan(0, count);
        int packed = PackWeights(weights, target[1..]);
        if (packed > 0 && packed < 128 && (packed < (count + 1) / 2 || count > 128))
        {
            target[0] = (byte)packed;
            return 1 + packed;
        }

        if (count > 128)
        {
            return 0;
        }

        target[0] = (byte)(127 + count);
        for (int i = 0; i < count; i += 2)
        {
            target[1 + (i / 2)] = (byte)((weights[i] << 4) | (i + 1 < count ? weights[i + 1] : 0));
        }

        return 1 + ((count + 1) / 2);
    }

    // < Two states take turns, from the last weight to the first.
    private int PackWeights(ReadOnlySpan<byte> weights, Span<byte> target)
    {
        Span<int> counts = stackalloc int[BitsMax + 2];
        counts.Clear();
        foreach (byte weight in weights)
        {
            counts[weight]++;
        }

        if (weights.Length < 2 || counts[weights[0]] == weights.Length)
        {
            return 0;
        }

        _weightCode.Build(counts);
        int shares = _weightCode.WriteShares(target);
        var sink = new BitSink(target[shares..], Symbols);
        int i = weights.Length - 1;
        Span<uint> states = stackalloc uint[2];
        states[i & 1] = _weightCode.Start(weights[i]);
        i--;
        states[i & 1] = _weightCode.Start(weights[i]);
        for (i--; i >= 0; i--)
        {
            FseTables.Encode(ref _tables.Moves[0], ref _tables.States[0], ref sink, ref states[i & 1], weights[i]);
            sink.Flush();
        }

        _weightCode.End(ref sink, states[1]);
        _weightCode.End(ref sink, states[0]);
        return shares + sink.Close();
    }

    private int Sort(ReadOnlySpan<int> counts)
    {
        int present = 0;
        for (int s = 0; s < Symbols; s++)
        {
            if (counts[s] > 0)
            {
                _order[present++] = ((ulong)counts[s] << 8) | (uint)s;
            }
        }

        _order.AsSpan(0, present).Sort();
        _lengths.AsSpan().Clear();
        return present;
    }

    // < The two rarest are joined again and again; joined ones come out in the order of their sums, so two queues do.
    private void MeasureDepths(int present)
    {
        for (int i = 0; i < present; i++)
        {
            _sums[i] = (long)(_order[i] >> 8);
        }

        int leaf = 0;
        int joined = present;
        int last = (2 * present) - 2;
        for (int made = present; made <= last; made++)
        {
            int first = leaf < present && (joined >= made || _sums[leaf] <= _sums[joined]) ? leaf++ : joined++;
            int second = leaf < present && (joined >= made || _sums[leaf] <= _sums[joined]) ? leaf++ : joined++;
            _sums[made] = _sums[first] + _sums[second];
            _parents[first] = made;
            _parents[second] = made;
        }

        _sums[last] = 0; // < From here on the depth.
        for (int i = last - 1; i >= 0; i--)
        {
            _sums[i] = _sums[_parents[i]] + 1;
        }

        for (int i = 0; i < present; i++)
        {
            _lengths[(byte)_order[i]] = (byte)Math.Min(BitsMax, _sums[i]);
        }
    }

    // < What was cut to 11 bits is paid for by the rarest of the shorter codes; what was paid too much goes to the most frequent.
    private void LimitLengths(int present)
    {
        int used = 0;
        for (int i = 0; i < present; i++)
        {
            used += 1 << (BitsMax - _lengths[(byte)_order[i]]);
        }

        for (int i = 0; used > 1 << BitsMax; i = i + 1 == present ? 0 : i + 1)
        {
            ref byte length = ref _lengths[(byte)_order[i]];
            if (length < BitsMax)
            {
                used -= 1 << (BitsMax - ++length);
            }
        }

        for (int i = present - 1; i >= 0 && used < 1 << BitsMax; i--)
        {
            ref byte length = ref _lengths[(byte)_order[i]];
            while (length > 1 && used + (1 << (BitsMax - length)) <= 1 << BitsMax)
            {
                used += 1 << (BitsMax - length--);
            }
        }

        Invariant.Holds(used == 1 << BitsMax, "a Huffman code is complete");
    }

    // < Codes of the greatest length start at 0; shorter ones go on where they end.
    private void AssignCodes()
    {
        Span<int> next = stackalloc int[BitsMax + 2];
        next.Clear();
        LongestBits = 0;
        foreach (byte length in _lengths)
        {
            next[length]++;
            LongestBits = Math.Max(LongestBits, length);
        }

        int code = 0;
        for (int length = LongestBits; length > 0; length--)
        {
            (next[length], code) = (code, (code + next[length]) >> 1);
        }

        for (int s = 0; s < Symbols; s++)
        {
            int length = _lengths[s];
            int entry = length == 0 ? 0 : (length << 12) | next[length]++;
            _weights[s] = (byte)(length == 0 ? 0 : LongestBits + 1 - length);
            Low[s] = (byte)entry;
            High[s] = (byte)(entry >> 8);
        }
    }
}
