using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// date_format: yyyy, MM or M, dd or d, HH or H, mm or m, ss or s, SSS (milliseconds), SSSSSS (microseconds), 'quoted text', and
/// punctuation as it stands. The text of the last day (hour, ... whatever is the finest field) is kept: most rows share it.
/// </summary>
internal sealed class DateFormatNode : ExpressionNode
{
    private readonly ExpressionNode _operand;
    private readonly ImmutableArray<(char Field, string Text)> _pieces;
    private readonly long _unitsPerSecond;
    private readonly long _keyLength;
    private readonly byte[] _text;
    private long _keyStart;
    private long _keyEnd;
    private int _textLength;

    /// <summary>The operand is a timestamp of either unit. Throws for a pattern with a letter that means nothing.</summary>
    internal DateFormatNode(ExpressionNode operand, string pattern, int position)
        : base(TypeKind.String)
    {
        _operand = operand;
        _unitsPerSecond = operand.Type.Kind == TypeKind.TimestampMillis ? 1000 : CivilTime.MicrosPerSecond;
        _pieces = Read(pattern, position);
        _text = new byte[_pieces.Sum(piece => Math.Max(Encoding.UTF8.GetByteCount(piece.Text), 20))];
        _keyLength = _pieces.Any(piece => piece.Field == 'S') ? 1
            : _unitsPerSecond * (_pieces.Any(piece => piece.Field == 's') ? 1
                : _pieces.Any(piece => piece.Field == 'm') ? 60
                : _pieces.Any(piece => piece.Field == 'H') ? 3600 : 86_400);
    }

    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        using var output = new ColumnBuilder(Type);
        EvaluatedColumn input = _operand.Evaluate(batch);
        ReadOnlySpan<long> values = input.Vector.Values<long>()[..batch.RowCount];
        ReadOnlySpan<byte> validity = input.Vector.Validity;
        for (int i = 0; i < values.Length; i++)
        {
            if (!validity.IsEmpty && !Bitmap.Get(validity, i))
            {
                output.AppendNull();
                continue;
            }

            long value = values[i];
            if (value < _keyStart || value >= _keyEnd)
            {
                Format(value);
            }

            output.Append(_text.AsSpan(0, _textLength));
        }

        input.Release();
        return new EvaluatedColumn(output.Finish(), IsOwned: true);
    }

    private static ImmutableArray<(char Field, string Text)> Read(string pattern, int position)
    {
        var pieces = ImmutableArray.CreateBuilder<(char, string)>();
        int at = 0;
        while (at < pattern.Length)
        {
            int start = at;
            char letter = pattern[at];
            if (letter == '\'')
            {
                int end = pattern.IndexOf('\'', at + 1);
                if (end < 0)
                {
                    throw new ExpressionException(position, $"The quote in the pattern '{pattern}' is never closed.");
                }

                pieces.Add(('\0', end == at + 1 ? "'" : pattern[(at + 1)..end]));
                at = end + 1;
                continue;
            }

            while (at < pattern.Length && pattern[at] == letter)
            {
                at++;
            }

            string run = pattern[start..at];
            bool isField = run is "yyyy" or "MM" or "M" or "dd" or "d" or "HH" or "H" or "mm" or "m" or "ss" or "s" or "SSS" or "SSSSSS";
            if (char.IsAsciiLetter(letter) && !isField)
            {
                throw new ExpressionException(position, $"'{run}' in the pattern '{pattern}' means nothing; known are yyyy MM M dd d HH H "
                    + "mm m ss s SSS SSSSSS and 'quoted text'.");
            }

            pieces.Add((isField ? letter : '\0', run));
        }

        return pieces.ToImmutable();
    }

    private void Format(long value)
    {
        long keyIndex = CivilTime.FloorDivide(value, _keyLength);
        _keyStart = Math.Max(keyIndex, long.MinValue / _keyLength) * _keyLength;
        _keyEnd = _keyStart > long.MaxValue - _keyLength ? long.MaxValue : _keyStart + _keyLength;
        long unitsPerDay = 86_400 * _unitsPerSecond;
        long days = CivilTime.FloorDivide(value, unitsPerDay);
        long time = unchecked(value - (days * unitsPerDay));
        (long year, int month, int day) = CivilTime.FromDays(days);
        int length = 0;
        foreach ((char field, string text) in _pieces)
        {
            long number = field switch
            {
                'y' => year,
                'M' => month,
                'd' => day,
                'H' => time / (3600 * _unitsPerSecond),
                'm' => time / (60 * _unitsPerSecond) % 60,
                's' => time / _unitsPerSecond % 60,
                _ => time % _unitsPerSecond * (text.Length == 3 ? 1000 : CivilTime.MicrosPerSecond) / _unitsPerSecond,
            };
            length += field == '\0' ? Encoding.UTF8.GetBytes(text, _text.AsSpan(length))
                : Digits(number, text.Length, _text.AsSpan(length));
        }

        _textLength = length;
    }

    private static int Digits(long number, int width, Span<byte> destination)
    {
        int length = 0;
        if (number < 0)
        {
            destination[length++] = (byte)'-';
            number = -number;
        }

        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10)
        {
            digits++;
        }

        digits = Math.Max(digits, width);
        for (int i = digits - 1; i >= 0; i--)
        {
            destination[length + i] = (byte)('0' + (number % 10));
            number /= 10;
        }

        return length + digits;
    }
}
