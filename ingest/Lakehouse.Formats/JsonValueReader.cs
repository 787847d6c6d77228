using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Lakehouse.Columns;

namespace Lakehouse.Formats;

/// <summary>Appends one JSON value to a column by the column's type. Each method returns the byte behind the value.</summary>
internal sealed partial class JsonValueReader
{
    private byte[] _scratch = new byte[1024];

    /// <summary>Reads a value other than null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Read(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault) => column.Type.Kind switch
    {
        TypeKind.String => ReadString(text, at, column, ref fault),
        TypeKind.Double => ReadDouble(text, at, column, ref fault),
        TypeKind.Long => ReadLong(text, at, column, ref fault),
        TypeKind.Int => ReadInt(text, at, column, ref fault),
        TypeKind.TimestampMillis or TypeKind.TimestampMicros => ReadTimestamp(text, at, column, ref fault),
        TypeKind.Boolean => ReadBoolean(text, at, column, ref fault),
        TypeKind.Float => ReadFloat(text, at, column, ref fault),
        TypeKind.Date => ReadDate(text, at, column, ref fault),
        TypeKind.TimeMillis or TypeKind.TimeMicros => ReadTime(text, at, column, ref fault),
        TypeKind.Decimal => ReadDecimal(text, at, column, ref fault),
        _ => ReadBinary(text, at, column, ref fault),
    };

    /// <summary>Resolves the escapes of a string into a buffer that lasts until the next call.</summary>
    internal bool TryUnescape(
        scoped ReadOnlySpan<byte> text, int start, int end, out ReadOnlySpan<byte> plain, scoped ref JsonFault fault)
    {
        if (_scratch.Length < end - start)
        {
            _scratch = new byte[end - start];
        }

        int length = JsonText.Unescape(text, start, end, _scratch, ref fault);
        plain = length < 0 ? default : _scratch.AsSpan(0, length);
        return length >= 0;
    }

    private static int ReadString(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (text[at] != '"')
        {
            return WrongType(text, at, "a string", ref fault);
        }

        int start = at + 1;
        int end = JsonText.FindSpecial(text, start);
        if (text[end] == '"')
        {
            column.Append(text[start..end]);
            return end + 1;
        }

        return ReadEscapedString(text, start, column, ref fault);
    }

    private static int ReadEscapedString(ReadOnlySpan<byte> text, int start, ColumnBuilder column, ref JsonFault fault)
    {
        int end = JsonText.FindStringEnd(text, start, out _, ref fault);
        if (end < 0)
        {
            return end;
        }

        int length = JsonText.Unescape(text, start, end, column.Prepare(end - start), ref fault);
        if (length < 0)
        {
            return length;
        }

        column.Commit(length);
        return end + 1;
    }

    private static int ReadDouble(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (!StartsNumber(text[at]))
        {
            return WrongType(text, at, "a number", ref fault);
        }

        int end = JsonNumber.Scan(text, at, out JsonNumber number, ref fault);
        if (end < 0)
        {
            return end;
        }

        double value = number.ToDouble(text);
        if (!double.IsFinite(value))
        {
            return OutOfRange(at, "The number is too large for a double.", ref fault);
        }

        column.Append(value);
        return end;
    }

    private static int ReadFloat(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (!StartsNumber(text[at]))
        {
            return WrongType(text, at, "a number", ref fault);
        }

        int end = JsonNumber.Scan(text, at, out JsonNumber number, ref fault);
        if (end < 0)
        {
            return end;
        }

        float value = number.ToSingle(text);
        if (!float.IsFinite(value))
        {
            return OutOfRange(at, "The number is too large for a float.", ref fault);
        }

        column.Append(value);
        return end;
    }

    private static int ReadLong(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        int end = ParseInteger(text, at, out long value, ref fault);
        if (end >= 0)
        {
            column.Append(value);
        }

        return end;
    }

    private static int ReadInt(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        int end = ParseInt32(text, at, out int value, ref fault);
        if (end >= 0)
        {
            column.Append(value);
        }

        return end;
    }

    private static int ReadBoolean(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (text.Slice(at, 4).SequenceEqual("true"u8))
        {
            column.Append(true);
            return at + 4;
        }

        if (text.Slice(at, 5).SequenceEqual("false"u8))
        {
            column.Append(false);
            return at + 5;
        }

        return WrongType(text, at, "true or false", ref fault);
    }

    private int ReadDecimal(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        ReadOnlySpan<byte> source = text;
        int end;
        JsonNumber number;
        if (text[at] == '"')
        {
            end = ReadText(text, at, out ReadOnlySpan<byte> written, ref fault);
            if (end < 0)
            {
                return end;
            }

            // The padding that the scanner relies on is put behind the text by copying it.
            if (!TryScanText(written, out source, out number))
            {
                return fault.Set(DecodeErrorKind.WrongType, at, "The text is not a decimal number.");
            }
        }
        else if (!StartsNumber(text[at]))
        {
            return WrongType(text, at, "a number or a text that is one", ref fault);
        }
        else
        {
            end = JsonNumber.Scan(text, at, out number, ref fault);
            if (end < 0)
            {
                return end;
            }
        }

        Exactness exactness = number.ToScaled(source, column.Type.Precision, column.Type.Scale, out Int128 unscaled);
        if (exactness != Exactness.Exact)
        {
            return OutOfRange(at, exactness == Exactness.Inexact
                ? "The number has more digits behind the point than the column's scale."
                : "The number has more digits than the column's precision.", ref fault);
        }

        column.Append(unscaled);
        return end;
    }

    private int ReadBinary(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (text[at] != '"')
        {
            return WrongType(text, at, "base64 text", ref fault);
        }

        int end = ReadText(text, at, out ReadOnlySpan<byte> encoded, ref fault);
        if (end < 0)
        {
            return end;
        }

        Span<byte> bytes = column.Prepare(Base64.GetMaxDecodedFromUtf8Length(encoded.Length));
        if (Base64.DecodeFromUtf8(encoded, bytes, out _, out int length) != OperationStatus.Done)
        {
            return fault.Set(DecodeErrorKind.WrongType, at, "The text is not base64.");
        }

        column.Commit(length);
        return end;
    }

    /// <summary>The content of a string, in place where it has no escapes, else in the scratch buffer.</summary>
    private int ReadText(ReadOnlySpan<byte> text, int at, out ReadOnlySpan<byte> content, scoped ref JsonFault fault)
    {
        content = default;
        int end = JsonText.FindStringEnd(text, at + 1, out bool escaped, ref fault);
        if (end < 0)
        {
            return end;
        }

        content = text[(at + 1)..end];
        return escaped && !TryUnescape(text, at + 1, end, out content, ref fault) ? JsonFault.Position : end + 1;
    }

    private bool TryScanText(scoped ReadOnlySpan<byte> written, out ReadOnlySpan<byte> padded, out JsonNumber number)
    {
        int length = written.Length + JsonText.Padding;
        if (_scratch.Length < length)
        {
            byte[] larger = new byte[length];
            written.CopyTo(larger);
            _scratch = larger;
        }
        else
        {
            written.CopyTo(_scratch); // may be in the scratch buffer already, then onto itself
        }

        _scratch.AsSpan(written.Length, JsonText.Padding).Clear();
        padded = _scratch;
        JsonFault ignored = default;
        number = default;
        return !written.IsEmpty && JsonNumber.Scan(padded, 0, out number, ref ignored) == written.Length;
    }

    private static int ParseInt32(ReadOnlySpan<byte> text, int at, out int value, ref JsonFault fault)
    {
        int end = ParseInteger(text, at, out long wide, ref fault);
        value = (int)wide;
        return end < 0 || value == wide ? end : OutOfRange(at, "The number does not fit 32 bits.", ref fault);
    }

    private static int ParseInteger(ReadOnlySpan<byte> text, int at, out long value, ref JsonFault fault)
    {
        value = 0;
        if (!StartsNumber(text[at]))
        {
            return WrongType(text, at, "a number", ref fault);
        }

        int end = JsonNumber.Scan(text, at, out JsonNumber number, ref fault);
        if (end < 0)
        {
            return end;
        }

        return number.ToInt64(text, out value) switch
        {
            Exactness.Exact => end,
            Exactness.Inexact => fault.Set(DecodeErrorKind.WrongType, at, "The number is not an integer."),
            _ => OutOfRange(at, "The number does not fit 64 bits.", ref fault),
        };
    }

    private static bool StartsNumber(byte first) => first == '-' || (uint)first - '0' <= 9;

    private static int OutOfRange(int at, string reason, ref JsonFault fault) =>
        fault.Set(DecodeErrorKind.NumberOutOfRange, at, reason);

    /// <summary>Another JSON type where one was expected; what is no JSON at all is malformed.</summary>
    internal static int WrongType(ReadOnlySpan<byte> text, int at, string expected, ref JsonFault fault)
    {
        if (JsonText.SkipValue(text, at, ref fault) < 0)
        {
            return JsonFault.Position;
        }

        string found = text[at] switch
        {
            (byte)'"' => "a string",
            (byte)'{' => "an object",
            (byte)'[' => "an array",
            (byte)'t' or (byte)'f' => "a boolean",
            _ => "a number",
        };
        return fault.Set(DecodeErrorKind.WrongType, at, $"Expected {expected}, found {found}.");
    }
}
