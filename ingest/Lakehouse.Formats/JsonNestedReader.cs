using Lakehouse.Columns;

namespace Lakehouse.Formats;

/// <summary>
/// Appends one JSON object or array to a struct, list or map column: a struct's object like a message (unknown fields skipped, missing ones
/// null), a list's array element by element, a map's object with its names as keys. Each method returns the byte behind the value.
/// </summary>
internal sealed class JsonNestedReader
{
    private readonly ColumnBuilder _builder;
    private readonly JsonValueReader _values;
    private readonly FieldTable _fields;
    private readonly JsonNestedReader?[] _nested;

    internal JsonNestedReader(ColumnBuilder builder, JsonValueReader values)
    {
        (_builder, _values) = (builder, values);
        _fields = new FieldTable(new Schema([.. builder.Type.Children]));
        _nested = [.. builder.Children.Select(c => c.Type.IsNested ? new JsonNestedReader(c, values) : null)];
    }

    /// <summary>Reads a value other than null. What a fault leaves behind is taken back by truncating the column.</summary>
    internal int Read(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        int end = (_builder.Type.Kind, text[at]) switch
        {
            (TypeKind.Struct, (byte)'{') => ReadStruct(text, at, ref fault),
            (TypeKind.Map, (byte)'{') => ReadMap(text, at, ref fault),
            (TypeKind.List, (byte)'[') => ReadList(text, at, ref fault),
            (TypeKind.List, _) => JsonValueReader.WrongType(text, at, "an array", ref fault),
            _ => JsonValueReader.WrongType(text, at, "an object", ref fault),
        };
        if (end >= 0)
        {
            _builder.AppendNested();
        }

        return end;
    }

    private int ReadStruct(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        int slot = _builder.Length;
        at = JsonText.SkipWhiteSpace(text, at + 1);
        for (bool isFirst = true; text[at] != '}'; isFirst = false)
        {
            at = ReadName(text, at, isFirst, out ReadOnlySpan<byte> name, ref fault);
            if (at < 0)
            {
                return at;
            }

            int field = _fields.Find(name);
            if (field < 0)
            {
                at = JsonText.SkipValue(text, at, ref fault);
            }
            else if (_builder.Children[field].Length != slot)
            {
                return fault.Malformed(at, $"The field '{_builder.Type.Children[field].Name}' appears twice.");
            }
            else
            {
                at = ReadChild(text, at, field, ref fault);
            }

            if (at < 0)
            {
                return at;
            }

            at = JsonText.SkipWhiteSpace(text, at);
        }

        return FillMissing(slot, at + 1, ref fault);
    }

    private int FillMissing(int slot, int end, ref JsonFault fault)
    {
        for (int i = 0; i < _builder.Children.Length; i++)
        {
            if (_builder.Children[i].Length != slot)
            {
                continue;
            }

            Field field = _builder.Type.Children[i];
            if (field.Required)
            {
                return fault.Set(DecodeErrorKind.MissingRequiredField, end - 1, $"The field '{field.Name}' is required and is missing.");
            }

            _builder.Children[i].AppendNull();
        }

        return end;
    }

    private int ReadList(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        at = JsonText.SkipWhiteSpace(text, at + 1);
        for (bool isFirst = true; text[at] != ']'; isFirst = false)
        {
            if (!isFirst)
            {
                if (text[at] != ',')
                {
                    return fault.Malformed(at, "Expected ',' or ']'.");
                }

                at = JsonText.SkipWhiteSpace(text, at + 1);
            }

            at = ReadChild(text, at, 0, ref fault);
            if (at < 0)
            {
                return at;
            }

            at = JsonText.SkipWhiteSpace(text, at);
        }

        return at + 1;
    }

    private int ReadMap(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        at = JsonText.SkipWhiteSpace(text, at + 1);
        for (bool isFirst = true; text[at] != '}'; isFirst = false)
        {
            int from = at;
            at = ReadName(text, at, isFirst, out ReadOnlySpan<byte> key, ref fault);
            if (at < 0)
            {
                return at;
            }

            _builder.Children[0].Append(key);
            at = ReadChild(text, at, 1, ref fault);
            if (at < 0)
            {
                return at;
            }

            at = JsonText.SkipWhiteSpace(text, at);
            Invariant.Holds(at > from, "every entry of a map takes bytes");
        }

        return at + 1;
    }

    private int ReadChild(ReadOnlySpan<byte> text, int at, int child, ref JsonFault fault)
    {
        if (text[at] != 'n')
        {
            return _nested[child] is { } nested
                ? nested.Read(text, at, ref fault)
                : _values.Read(text, at, _builder.Children[child], ref fault);
        }

        if (!text.Slice(at, 4).SequenceEqual("null"u8))
        {
            return fault.Malformed(at, "Expected a value.");
        }

        Field field = _builder.Type.Children[child];
        if (field.Required)
        {
            return fault.Set(DecodeErrorKind.MissingRequiredField, at, $"The {_builder.Type.Kind.ToString().ToLowerInvariant()}'s "
                + $"'{field.Name}' is required and is null.");
        }

        _builder.Children[child].AppendNull();
        return at + 4;
    }

    /// <summary>A name and its colon; the comma before it unless it is the first.</summary>
    private int ReadName(ReadOnlySpan<byte> text, int at, bool isFirst, out ReadOnlySpan<byte> name, scoped ref JsonFault fault)
    {
        name = default;
        if (!isFirst)
        {
            if (text[at] != ',')
            {
                return fault.Malformed(at, "Expected ',' or '}'.");
            }

            at = JsonText.SkipWhiteSpace(text, at + 1);
        }

        if (text[at] != '"')
        {
            return fault.Malformed(at, "Expected a field name in quotes.");
        }

        int end = JsonText.FindStringEnd(text, at + 1, out bool escaped, ref fault);
        if (end < 0)
        {
            return end;
        }

        name = text[(at + 1)..end];
        if (escaped && !_values.TryUnescape(text, at + 1, end, out name, ref fault))
        {
            return JsonFault.Position;
        }

        at = JsonText.SkipWhiteSpace(text, end + 1);
        return text[at] == ':' ? JsonText.SkipWhiteSpace(text, at + 1) : fault.Malformed(at, "Expected ':' behind the field name.");
    }
}
