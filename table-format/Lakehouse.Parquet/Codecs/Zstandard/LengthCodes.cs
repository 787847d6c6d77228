using System.Numerics;
using System.Runtime.CompilerServices;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>How lengths are cut into a code and further bits (RFC 8878 section 3.1.1.3.2.1.1): a code each for short ones, then ever wider ranges.</summary>
internal sealed class LengthCodes
{
    private readonly byte[] _codeOf;
    private readonly int _widest;

    private LengthCodes(int single, ReadOnlySpan<byte> ranges, int firstPower)
    {
        // < From the first power of two on a code stands for all lengths with the same highest bit.
        var bits = new byte[single + ranges.Length + 17 - firstPower];
        ranges.CopyTo(bits.AsSpan(single));
        for (int power = firstPower; power <= 16; power++)
        {
            bits[single + ranges.Length + power - firstPower] = (byte)power;
        }

        Bits = bits;
        _widest = single + ranges.Length - firstPower;
        _codeOf = new byte[1 << firstPower];
        int length = 0;
        for (int code = 0; length < _codeOf.Length; code++)
        {
            _codeOf.AsSpan(length, 1 << bits[code]).Fill((byte)code);
            length += 1 << bits[code];
        }
    }

    /// <summary>Codes of the lengths of literals.</summary>
    internal static LengthCodes OfLiterals { get; } = new(16, [1, 1, 1, 1, 2, 2, 3, 3, 4], 6);

    /// <summary>Codes of the lengths of copies less three.</summary>
    internal static LengthCodes OfCopies { get; } = new(32, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5], 7);

    /// <summary>The further bits of each code, which are the length's lowest.</summary>
    internal byte[] Bits { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte CodeOf(int length) =>
        length < _codeOf.Length ? _codeOf[length] : (byte)(BitOperations.Log2((uint)length) + _widest);
}
