using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>LIKE with a constant pattern: % is any text, _ any one code point, a backslash takes the next character as it is.</summary>
internal sealed class LikeNode : ExpressionNode
{
    private const int AnyText = -1;
    private const int AnyCodePoint = -2;
    private readonly ExpressionNode _operand;
    private readonly int[] _pattern; // bytes, or one of the above

    internal LikeNode(ExpressionNode operand, string pattern)
        : base(TypeKind.Boolean)
    {
        _operand = operand;
        var symbols = new List<int>();
        bool escaped = false;
        foreach (byte b in Encoding.UTF8.GetBytes(pattern))
        {
            if (!escaped && b == '\\')
            {
                escaped = true;
                continue;
            }

            symbols.Add(escaped ? b : b switch { (byte)'%' => AnyText, (byte)'_' => AnyCodePoint, _ => b });
            escaped = false;
        }

        if (escaped)
        {
            symbols.Add('\\');
        }

        _pattern = [.. symbols];
    }

    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn input = _operand.Evaluate(batch);
        var result = new ColumnBuffer(TypeKind.Boolean, batch.RowCount);
        Validity.Restrict(result, input.Vector);
        Span<byte> bits = result.Bytes;
        for (int i = 0; i < batch.RowCount; i++)
        {
            if (Matches(input.Vector.BytesAt(i), _pattern))
            {
                Bitmap.Set(bits, i);
            }
        }

        input.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }

    /// <summary>Greedy with one way back: the last % takes one more byte when the rest does not match.</summary>
    private static bool Matches(ReadOnlySpan<byte> text, ReadOnlySpan<int> pattern)
    {
        int at = 0;
        int symbol = 0;
        int retryAt = -1;
        int retrySymbol = -1;
        while (at < text.Length)
        {
            if (symbol < pattern.Length && pattern[symbol] == AnyText)
            {
                retryAt = at;
                retrySymbol = ++symbol;
            }
            else if (symbol < pattern.Length && pattern[symbol] == AnyCodePoint && (text[at] & 0xC0) != 0x80)
            {
                at++;
                while (at < text.Length && (text[at] & 0xC0) == 0x80)
                {
                    at++;
                }

                symbol++;
            }
            else if (symbol < pattern.Length && pattern[symbol] == text[at])
            {
                at++;
                symbol++;
            }
            else if (retrySymbol >= 0)
            {
                at = ++retryAt;
                symbol = retrySymbol;
            }
            else
            {
                return false;
            }
        }

        while (symbol < pattern.Length && pattern[symbol] == AnyText)
        {
            symbol++;
        }

        return symbol == pattern.Length;
    }
}
