using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Lakehouse.Formats;

/// <summary>
/// What followed a field in the last record: the bytes from the end of its value to the start of the next one, such as
/// <c>,"fare": </c> with the white space of that producer, and the field they lead to. Compared as a whole, so a hit is exact.
/// </summary>
internal struct FieldPrediction
{
    /// <summary>Bytes a prediction can hold; longer ones are looked up every time.</summary>
    internal const int LengthMax = 32;

    private Vector256<byte> _token;
    private Vector256<byte> _mask;

    /// <summary>Length of the token in bytes; 0 when nothing was learned yet.</summary>
    internal int Length { get; private set; }

    /// <summary>The field that the token leads to.</summary>
    internal int Next { get; private set; }

    /// <summary>True when the text, of which 32 bytes must be readable, starts with the token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool Matches(ReadOnlySpan<byte> text, int at) =>
        Length != 0 && ((Vector256.Create(text.Slice(at, LengthMax)) ^ _token) & _mask) == Vector256<byte>.Zero;

    internal void Learn(ReadOnlySpan<byte> token, int next)
    {
        if (token.Length > LengthMax)
        {
            Length = 0;
            return;
        }

        Span<byte> bytes = stackalloc byte[LengthMax];
        Span<byte> mask = stackalloc byte[LengthMax];
        bytes.Clear();
        mask.Clear();
        token.CopyTo(bytes);
        mask[..token.Length].Fill(0xFF);
        _token = Vector256.Create<byte>(bytes);
        _mask = Vector256.Create<byte>(mask);
        Length = token.Length;
        Next = next;
    }
}
