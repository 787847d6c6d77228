using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Lakehouse.Formats;

/// <summary>
/// JSON white space, strings and skipping (RFC 8259) over a text that ends in <see cref="Padding"/> zero bytes: a zero byte is legal
/// nowhere in JSON, so every loop stops there and none needs to look for the end.
/// </summary>
internal static class JsonText
{
    /// <summary>Zero bytes that follow every text.</summary>
    internal const int Padding = 64;

    /// <summary>How deep objects and arrays may nest in a skipped value.</summary>
    internal const int DepthMax = 64;

    /// <summary>The first byte that is not white space.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int SkipWhiteSpace(ReadOnlySpan<byte> text, int at)
    {
        while (text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    /// <summary>The first quote, backslash or control character from a position on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int FindSpecial(ReadOnlySpan<byte> text, int at)
    {
        while (true)
        {
            Vector256<byte> bytes = Vector256.Create(text.Slice(at, Vector256<byte>.Count));
            uint special = (Vector256.Equals(bytes, Vector256.Create((byte)'"'))
                | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
                | Vector256.LessThan(bytes, Vector256.Create((byte)0x20))).ExtractMostSignificantBits();
            if (special != 0)
            {
                return at + BitOperations.TrailingZeroCount(special);
            }

            at += Vector256<byte>.Count;
        }
    }

    /// <summary>
    /// From the byte behind an opening quote to the closing quote, whose position is returned. Escapes are checked for form only.
    /// </summary>
    internal static int FindStringEnd(ReadOnlySpan<byte> text, int at, out bool escaped, ref JsonFault fault)
    {
        escaped = false;
        while (true)
        {
            at = FindSpecial(text, at);
            if (text[at] == '"')
            {
                return at;
            }

            if (text[at] != '\\')
            {
                return fault.Malformed(at, "A string must not hold a bare control character.");
            }

            escaped = true;
            switch (text[at + 1])
            {
                case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                    at += 2;
                    break;
                case (byte)'u' when ParseHex(text.Slice(at + 2, 4)) >= 0:
                    at += 6;
                    break;
                default:
                    return fault.Malformed(at, "A backslash must be followed by one of \"\\/bfnrt or by u and four hex digits.");
            }
        }
    }

    /// <summary>
    /// Resolves the escapes of a string that <see cref="FindStringEnd"/> has accepted; the result is never longer. Returns its length, or
    /// a fault for half of a surrogate pair, which UTF-8 cannot hold.
    /// </summary>
    internal static int Unescape(ReadOnlySpan<byte> text, int start, int end, Span<byte> destination, ref JsonFault fault)
    {
        int length = 0;
        int at = start;
        while (at < end)
        {
            int plain = text[at..end].IndexOf((byte)'\\');
            plain = plain < 0 ? end - at : plain;
            text.Slice(at, plain).CopyTo(destination[length..]);
            at += plain;
            length += plain;
            if (at == end)
            {
                break;
            }

            byte kind = text[at + 1];
            if (kind != 'u')
            {
                destination[length++] = Simple(kind);
                at += 2;
                continue;
            }

            int rune = ParseHex(text.Slice(at + 2, 4));
            int escape = at;
            at += 6;
            if (char.IsHighSurrogate((char)rune) && at + 6 <= end && text[at] == '\\' && text[at + 1] == 'u')
            {
                int low = ParseHex(text.Slice(at + 2, 4));
                if (char.IsLowSurrogate((char)low))
                {
                    rune = char.ConvertToUtf32((char)rune, (char)low);
                    at += 6;
                }
            }

            if (!Rune.TryCreate(rune, out Rune whole))
            {
                return fault.Set(DecodeErrorKind.InvalidUtf8, escape, "An escape names half of a surrogate pair.");
            }

            length += whole.EncodeToUtf8(destination[length..]);
        }

        return length;
    }

    /// <summary>Skips one value of any kind from its first byte on, checking its form; returns the byte behind it.</summary>
    internal static int SkipValue(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        ulong objects = 0; // one bit per open level: 1 is an object, 0 an array
        int depth = 0;
        while (true)
        {
            at = SkipWhiteSpace(text, at);
            byte first = text[at];
            if (first is (byte)'{' or (byte)'[')
            {
                if (depth == DepthMax)
                {
                    return fault.Malformed(at, FormattableString.Invariant($"Values nest deeper than {DepthMax} levels."));
                }

                bool isObject = first == '{';
                objects = (objects << 1) | (isObject ? 1u : 0u);
                depth++;
                at = SkipWhiteSpace(text, at + 1);
                if (text[at] != (isObject ? '}' : ']'))
                {
                    at = isObject ? SkipName(text, at, ref fault) : at;
                    if (at < 0)
                    {
                        return at;
                    }

                    continue;
                }
            }
            else
            {
                at = SkipScalar(text, at, ref fault);
                if (at < 0 || depth == 0)
                {
                    return at;
                }

                at = SkipWhiteSpace(text, at);
            }

            at = CloseLevels(text, at, ref objects, ref depth, ref fault);
            if (at < 0 || depth == 0)
            {
                return at;
            }
        }
    }

    /// <summary>The value of four hex digits, or -1.</summary>
    private static int ParseHex(ReadOnlySpan<byte> digits)
    {
        int value = 0;
        foreach (byte digit in digits)
        {
            int nibble = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
                _ => -1,
            };
            if (nibble < 0)
            {
                return -1;
            }

            value = (value << 4) | nibble;
        }

        return value;
    }

    private static byte Simple(byte kind) => kind switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => kind,
    };

    /// <summary>Behind a value inside an object or array: closes what closes here, else passes the comma and the next name.</summary>
    private static int CloseLevels(ReadOnlySpan<byte> text, int at, ref ulong objects, ref int depth, ref JsonFault fault)
    {
        while (depth > 0)
        {
            bool isObject = (objects & 1) != 0;
            if (text[at] == ',')
            {
                at = SkipWhiteSpace(text, at + 1);
                return isObject ? SkipName(text, at, ref fault) : at;
            }

            if (text[at] != (isObject ? '}' : ']'))
            {
                return fault.Malformed(at, isObject ? "Expected ',' or '}'." : "Expected ',' or ']'.");
            }

            objects >>= 1;
            depth--;
            at++;
            if (depth > 0)
            {
                at = SkipWhiteSpace(text, at);
            }
        }

        return at;
    }

    private static int SkipName(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        if (text[at] != '"')
        {
            return fault.Malformed(at, "Expected a field name in quotes.");
        }

        at = FindStringEnd(text, at + 1, out _, ref fault);
        if (at < 0)
        {
            return at;
        }

        at = SkipWhiteSpace(text, at + 1);
        return text[at] == ':' ? at + 1 : fault.Malformed(at, "Expected ':' behind the field name.");
    }

    private static int SkipScalar(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        switch (text[at])
        {
            case (byte)'"':
                at = FindStringEnd(text, at + 1, out _, ref fault);
                return at < 0 ? at : at + 1;
            case (byte)'t' when text.Slice(at, 4).SequenceEqual("true"u8):
            case (byte)'n' when text.Slice(at, 4).SequenceEqual("null"u8):
                return at + 4;
            case (byte)'f' when text.Slice(at, 5).SequenceEqual("false"u8):
                return at + 5;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                return JsonNumber.Scan(text, at, out _, ref fault);
            default:
                return fault.Malformed(at, "Expected a value.");
        }
    }
}
