using System.Runtime.CompilerServices;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>The tables of a few codes in one piece each, for a loop that takes symbols of them in turn: they are two registers then.</summary>
internal sealed class FseTables(int codes)
{
    internal const int SymbolsEach = 64;
    internal const int StatesEach = 512;

    /// <summary>What each symbol does to the state.</summary>
    internal Move[] Moves { get; } = new Move[codes * SymbolsEach];

    /// <summary>The next states.</summary>
    internal ushort[] States { get; } = new ushort[codes * StatesEach];

    /// <summary>Writes bits of the state and moves it on. The symbol counts from the first of the first code and is one that its code was made for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Encode(ref Move moves, ref ushort states, ref BitSink sink, ref uint state, int symbol)
    {
        Move move = Unsafe.Add(ref moves, symbol);
        int bits = (int)(state + (uint)move.BitsDelta) >> 16;
        sink.AddLow(state, bits);
        state = Unsafe.Add(ref states, (int)(state >> bits) + move.StateDelta);
    }

    /// <summary>How a symbol moves the state: bits written are <c>(state + BitsDelta) >> 16</c>, the next state is at the rest and StateDelta.</summary>
    internal readonly record struct Move(int BitsDelta, int StateDelta);
}
