using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Lakehouse.Columns;

namespace Lakehouse.Formats;

/// <summary>
/// JSON objects (RFC 8259, UTF-8) straight into columns: no strings, no objects per record. Rules:
/// a missing field or <c>null</c> is a null, and an error for a required column; a column that appears twice is an error, unknown fields
/// are checked for form and skipped; integers may be written in any notation that is exactly an integer; doubles and floats are rounded
/// once and must be finite; a decimal is a number or a text without more digits behind the point than its scale, zeros excepted; a date is
/// <c>"yyyy-MM-dd"</c> or a number of days; a time of day <c>"HH:mm:ss.fff"</c> or a number of its unit; a timestamp a number of its unit or
/// ISO 8601 text (see <see cref="IsoDateTime"/>); binary is
/// base64; a struct or map is an object, a list an array, by the same rules within. Not thread safe; owns its builders.
/// <code>
/// 1. copy the message in front of zero bytes, so that no loop below has to look for its end; check the UTF-8 once
/// 2. the bytes behind a value are compared with those of the last record (FieldPrediction); else the name is looked up
/// 3. the value goes into its column's builder
/// 4. columns that did not appear get a null; on any fault all builders are cut back to where they were
/// </code>
/// </summary>
public sealed class JsonDecoder : IDisposable
{
    private const int Start = 0;
    private const int End = -1;
    private const int UnknownStateCount = 64;
    private const int ScratchBytesKept = 1 << 20;

    private readonly JsonDecoderOptions _options;
    private readonly ColumnBuilder[] _builders;
    private readonly bool[] _required;
    private readonly FieldTable _table;

    // Indexed by the field just passed: 0 at the start, column + 1, then a few shared by unknown fields.
    private readonly FieldPrediction[] _predictions;
    private readonly JsonValueReader _values = new();
    private readonly JsonNestedReader?[] _nested;
    private byte[] _text = new byte[4096];

    /// <summary>A decoder that is empty.</summary>
    public JsonDecoder(Schema schema, JsonDecoderOptions options)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        Schema = schema;
        _options = options;
        _builders = [.. schema.Fields.Select(field => new ColumnBuilder(field.Type))];
        _nested = [.. _builders.Select(b => b.Type.IsNested ? new JsonNestedReader(b, _values) : null)];
        _required = [.. schema.Fields.Select(field => field.Required)];
        _table = new FieldTable(schema);
        _predictions = new FieldPrediction[1 + schema.Count + UnknownStateCount];
    }

    /// <summary>The columns that messages are decoded into.</summary>
    public Schema Schema { get; }

    /// <summary>The columns being built, in schema order; all have <see cref="RowCount"/> values between calls.</summary>
    public ReadOnlySpan<ColumnBuilder> Builders => _builders;

    /// <summary>Rows decoded since the last <see cref="Finish"/>.</summary>
    public int RowCount { get; private set; }

    /// <summary>Bytes of values decoded since the last <see cref="Finish"/>.</summary>
    public long ValuesByteCount
    {
        get
        {
            long bytes = 0;
            foreach (ColumnBuilder builder in _builders)
            {
                bytes += builder.ValuesByteCount;
            }

            return bytes;
        }
    }

    /// <summary>Appends one message as a row, or appends nothing and says why. The message is not kept.</summary>
    public bool TryDecode(ReadOnlySpan<byte> message, out DecodeError error)
    {
        if (message.Length > _options.RecordBytesMax)
        {
            error = new DecodeError(DecodeErrorKind.Oversized, null, 0, FormattableString.Invariant(
                $"The message has {message.Length} bytes; at most {_options.RecordBytesMax} are allowed."));
            return false;
        }

        LoadText(message);
        JsonFault fault = new() { Column = JsonFault.NoColumn };
        if (Utf8.IsValid(message) && DecodeObject(_text, message.Length, RowCount, ref fault) >= 0)
        {
            RowCount++;
            error = default;
            return true;
        }

        error = Explain(message, fault);
        return false;
    }

    /// <summary>The rows decoded so far as a batch that the caller owns; the decoder is empty afterwards and goes on.</summary>
    public RecordBatch Finish()
    {
        var columns = ImmutableArray.CreateBuilder<ColumnVector>(_builders.Length);
        foreach (ColumnBuilder builder in _builders)
        {
            columns.Add(builder.Finish());
        }

        int rowCount = RowCount;
        RowCount = 0;
        return new RecordBatch(Schema, columns.MoveToImmutable(), rowCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ColumnBuilder builder in _builders)
        {
            builder.Dispose();
        }
    }

    private void LoadText(ReadOnlySpan<byte> message)
    {
        int length = message.Length + JsonText.Padding;
        if (length > _text.Length || (_text.Length > ScratchBytesKept && length <= ScratchBytesKept))
        {
            _text = new byte[length > ScratchBytesKept ? length : Math.Min(2 * length, ScratchBytesKept)];
        }

        message.CopyTo(_text);
        _text.AsSpan(message.Length, JsonText.Padding).Clear();
    }

    private int DecodeObject(ReadOnlySpan<byte> text, int length, int row, ref JsonFault fault)
    {
        int at = 0;
        int state = Start;
        int columnsSeen = 0;
        while (true)
        {
            ref readonly FieldPrediction prediction = ref _predictions[state];
            if (prediction.Matches(text, at))
            {
                at += prediction.Length;
                state = prediction.Next;
            }
            else
            {
                at = ResolveField(text, at, ref state, ref fault);
            }

            if (at < 0 || state == End)
            {
                break;
            }

            if (text[at] <= ' ')
            {
                at = JsonText.SkipWhiteSpace(text, at);
            }

            int column = state - 1;
            if (column < _builders.Length)
            {
                columnsSeen++;
                at = DecodeColumn(text, at, column, row, ref fault);
            }
            else
            {
                at = JsonText.SkipValue(text, at, ref fault);
            }

            if (at < 0)
            {
                break;
            }
        }

        if (at < 0)
        {
            return at;
        }

        int end = JsonText.SkipWhiteSpace(text, at);
        if (end != length)
        {
            return fault.Malformed(end, "Something follows the object.");
        }

        return columnsSeen == _builders.Length ? end : FillMissing(row, at, ref fault);
    }

    /// <summary>From the end of a value to the start of the next one, or past the closing brace; learned for the next record.</summary>
    private int ResolveField(ReadOnlySpan<byte> text, int start, ref int state, ref JsonFault fault)
    {
        int at = JsonText.SkipWhiteSpace(text, start);
        int next = state == Start ? OpenObject(text, at, ref fault) : PassComma(text, at, ref fault);
        if (next < 0)
        {
            return next;
        }

        int previous = state;
        if (text[next - 1] == '}')
        {
            state = End;
            _predictions[previous].Learn(text[start..next], End);
            return next;
        }

        if (text[next] != '"')
        {
            return fault.Malformed(next, "Expected a field name in quotes.");
        }

        int nameStart = next + 1;
        int nameEnd = JsonText.FindStringEnd(text, nameStart, out bool escaped, ref fault);
        if (nameEnd < 0)
        {
            return nameEnd;
        }

        // A name with half of a surrogate pair is no column's, which is all that matters here.
        ReadOnlySpan<byte> name = text[nameStart..nameEnd];
        JsonFault ignored = default;
        bool isText = !escaped || _values.TryUnescape(text, nameStart, nameEnd, out name, ref ignored);
        at = JsonText.SkipWhiteSpace(text, nameEnd + 1);
        if (text[at] != ':')
        {
            return fault.Malformed(at, "Expected ':' behind the field name.");
        }

        at = JsonText.SkipWhiteSpace(text, at + 1);
        int column = isText ? _table.Find(name) : -1;
        state = column >= 0 ? column + 1 : 1 + _builders.Length + (int)(FieldTable.Hash(name) % UnknownStateCount);
        _predictions[previous].Learn(text[start..at], state);
        return at;
    }

    private static int OpenObject(ReadOnlySpan<byte> text, int at, ref JsonFault fault)
    {
        if (text[at] == '{')
        {
            at = JsonText.SkipWhiteSpace(text, at + 1);
            return text[at] == '}' ? at + 1 : at;
        }

        // Other JSON values are well formed, yet no row.
        return text[at] is (byte)'[' or (byte)'"' or (byte)'-' or (byte)'t' or (byte)'f' or (byte)'n' or (>= (byte)'0' and <= (byte)'9')
            ? fault.Set(DecodeErrorKind.WrongType, at, "The message is not a JSON object.")
            : fault.Malformed(at, "Expected a JSON object.");
    }

    private static int PassComma(ReadOnlySpan<byte> text, int at, ref JsonFault fault) => text[at] switch
    {
        (byte)',' => JsonText.SkipWhiteSpace(text, at + 1),
        (byte)'}' => at + 1,
        _ => fault.Malformed(at, "Expected ',' or '}'."),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int DecodeColumn(ReadOnlySpan<byte> text, int at, int column, int row, ref JsonFault fault)
    {
        ColumnBuilder builder = _builders[column];
        int end = builder.Length != row ? fault.Malformed(at, "The column appears twice.")
            : text[at] == 'n' ? AppendNull(text, at, column, ref fault)
            : _nested[column] is { } nested ? nested.Read(text, at, ref fault)
            : _values.Read(text, at, builder, ref fault);
        if (end < 0)
        {
            fault.Column = column;
        }

        return end;
    }

    private int AppendNull(ReadOnlySpan<byte> text, int at, int column, ref JsonFault fault)
    {
        if (!text.Slice(at, 4).SequenceEqual("null"u8))
        {
            return fault.Malformed(at, "Expected a value.");
        }

        if (_required[column])
        {
            return fault.Set(DecodeErrorKind.MissingRequiredField, at, "The column is required and is null.");
        }

        _builders[column].AppendNull();
        return at + 4;
    }

    private int FillMissing(int row, int at, ref JsonFault fault)
    {
        for (int column = 0; column < _builders.Length; column++)
        {
            if (_builders[column].Length != row)
            {
                continue;
            }

            if (_required[column])
            {
                fault.Column = column;
                return fault.Set(DecodeErrorKind.MissingRequiredField, at - 1, "The column is required and is missing.");
            }

            _builders[column].AppendNull();
        }

        return at;
    }

    /// <summary>Takes back what was appended and turns the fault into words. Runs for bad messages only.</summary>
    private DecodeError Explain(ReadOnlySpan<byte> message, JsonFault fault)
    {
        int valid = ValidUtf8Length(message);
        if (valid < message.Length)
        {
            // What stands in front of the bad byte tells which column it is in.
            LoadText(message[..valid]);
            JsonFault cut = new() { Column = JsonFault.NoColumn };
            DecodeObject(_text, valid, RowCount, ref cut);
            fault.Set(DecodeErrorKind.InvalidUtf8, valid, "The bytes are not UTF-8.");
            fault.Column = cut.Column;
        }

        foreach (ColumnBuilder builder in _builders)
        {
            builder.TruncateTo(RowCount);
        }

        string reason = fault.Kind != DecodeErrorKind.MalformedJson || fault.Offset < message.Length ? fault.Reason
            : message.IsEmpty ? "The message is empty." : "The message ends too early. " + fault.Reason;
        return new DecodeError(fault.Kind, fault.Column < 0 ? null : Schema[fault.Column].Name, fault.Offset, reason);
    }

    private static int ValidUtf8Length(ReadOnlySpan<byte> message)
    {
        int at = 0;
        while (at < message.Length && Rune.DecodeFromUtf8(message[at..], out _, out int length) == OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }
}
