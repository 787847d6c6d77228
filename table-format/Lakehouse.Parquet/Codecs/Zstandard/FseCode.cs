using System.Numerics;
using System.Runtime.CompilerServices;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// A finite state entropy code over a small alphabet (RFC 8878 section 4.1): counts are scaled to a table of 2^log states, the states spread over
/// the symbols, and a symbol moves the state and gives some of its bits. The <paramref name="number"/>-th in its tables.
/// </summary>
internal sealed class FseCode(FseTables tables, int number, int alphabet, int logMax)
{
    internal const int LogMin = 5;

    /// <summary>Bytes of written shares at most: less than ten bits for each of 64 symbols.</summary>
    internal const int SharesBytesMax = 80;
    private readonly int _firstMove = number * FseTables.SymbolsEach;
    private readonly int _firstState = number * FseTables.StatesEach;
    private readonly short[] _shares = new short[alphabet];
    private readonly byte[] _spread = new byte[1 << logMax];
    private readonly int[] _starts = new int[alphabet];
    private int _symbols;

    /// <summary>States are 2^Log; 0 when there is one symbol only, which then takes no bits.</summary>
    internal int Log { get; private set; }

    /// <summary>Makes the code for symbols that occur so often; one at least does.</summary>
    internal void Build(ReadOnlySpan<int> counts)
    {
        _symbols = counts.LastIndexOfAnyExcept(0) + 1;
        int total = 0;
        int present = 0;
        foreach (int count in counts)
        {
            total += count;
            present += count > 0 ? 1 : 0;
        }

        Invariant.Holds(present > 0, "a code has symbols");
        Log = present == 1 ? 0 : Math.Clamp(
            BitOperations.Log2((uint)Math.Max(1, total - 1)) - 2, Math.Max(LogMin, BitOperations.Log2((uint)present) + 1), logMax);
        Scale(counts, total);
        Spread();
    }

    /// <summary>Writes the shares (RFC 8878 section 4.1.1); gives the bytes.</summary>
    internal int WriteShares(Span<byte> target)
    {
        var sink = new BitSink(target, SharesBytesMax);
        sink.Add((uint)(Log - LogMin), 4);
        int remaining = (1 << Log) + 1;
        int threshold = 1 << Log;
        int bits = Log + 1;
        bool afterZero = false;
        for (int symbol = 0; remaining > 1;)
        {
            if (afterZero)
            {
                int zeros = _shares.AsSpan(symbol).IndexOfAnyExcept((short)0);
                symbol += zeros;
                for (; zeros >= 3; zeros -= 3)
                {
                    sink.Add(3, 2);
                    sink.Flush();
                }

                sink.Add((uint)zeros, 2);
            }

            int share = _shares[symbol++];
            int spare = (2 * threshold) - 1 - remaining;
            remaining -= share;
            int code = share + 1;
            code += code >= threshold ? spare : 0;
            sink.Add((uint)code, code < spare ? bits - 1 : bits);
            sink.Flush();
            afterZero = share == 0;
            while (remaining < threshold)
            {
                bits--;
                threshold >>= 1;
            }
        }

        return sink.End();
    }

    /// <summary>The state after the first symbol, which costs nothing yet.</summary>
    internal uint Start(int symbol)
    {
        FseTables.Move move = tables.Moves[_firstMove + symbol];
        int bits = (move.BitsDelta + (1 << 15)) >> 16;
        int state = (bits << 16) - move.BitsDelta;
        return tables.States[(state >> bits) + move.StateDelta];
    }

    /// <summary>Writes the last state, from which the reader starts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void End(ref BitSink sink, uint state) => sink.Add(state & ((1u << Log) - 1), Log);

    private void Scale(ReadOnlySpan<int> counts, int total)
    {
        int size = 1 << Log;
        int left = size;
        for (int s = 0; s < _symbols; s++)
        {
            _shares[s] = (short)(counts[s] == 0 ? 0 : Math.Max(1, (int)((((long)counts[s] * size) + (total / 2)) / total)));
            left -= _shares[s];
        }

        _shares.AsSpan(_symbols).Clear();
        while (left != 0)
        {
            // < Those with the largest shares notice it least.
            int largest = 0;
            for (int s = 1; s < _symbols; s++)
            {
                largest = _shares[s] > _shares[largest] ? s : largest;
            }

            int change = left > 0 ? left : Math.Max(left, -Math.Max(1, _shares[largest] / 8));
            _shares[largest] += (short)change;
            left -= change;
        }
    }

    private void Spread()
    {
        int size = 1 << Log;
        int step = (size >> 1) + (size >> 3) + 3;
        int at = 0;
        int start = 0;
        for (int s = 0; s < _symbols; s++)
        {
            int share = _shares[s];
            for (int i = 0; i < share; i++)
            {
                _spread[at] = (byte)s;
                at = (at + step) & (size - 1);
            }

            if (share > 0)
            {
                int bits = share == 1 ? Log : Log - BitOperations.Log2((uint)share - 1);
                tables.Moves[_firstMove + s] = new FseTables.Move((bits << 16) - (share << bits), _firstState + start - share);
            }

            _starts[s] = start;
            start += share;
        }

        for (int i = 0; i < size; i++)
        {
            tables.States[_firstState + _starts[_spread[i]]++] = (ushort)(size + i);
        }
    }
}
