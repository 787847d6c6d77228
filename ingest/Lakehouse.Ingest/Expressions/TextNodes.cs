using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>lower and upper, by Unicode's simple mapping; ASCII text takes the short way.</summary>
internal readonly struct ChangeCase(bool toUpper) : ITextMap
{
    private const int GrowthMax = 3; // a two-byte letter may become one of three bytes

    public void Append(ReadOnlySpan<byte> value, ColumnBuilder output)
    {
        Span<byte> room = output.Prepare(GrowthMax * value.Length);
        if (Ascii.IsValid(value))
        {
            int written = 0;
            _ = toUpper ? Ascii.ToUpper(value, room, out written) : Ascii.ToLower(value, room, out written);
            output.Commit(written);
            return;
        }

        int length = 0;
        while (!value.IsEmpty)
        {
            Rune.DecodeFromUtf8(value, out Rune rune, out int consumed);
            rune = toUpper ? Rune.ToUpperInvariant(rune) : Rune.ToLowerInvariant(rune);
            length += rune.EncodeToUtf8(room[length..]);
            value = value[consumed..];
        }

        output.Commit(length);
    }
}

/// <summary>Code points in a text.</summary>
internal readonly struct CodePointCount : IBytesMap<long>
{
    public bool TryApply(ReadOnlySpan<byte> value, out long result)
    {
        result = CodePoints.Count(value);
        return true;
    }
}

/// <summary>Bytes in a binary value.</summary>
internal readonly struct ByteCount : IBytesMap<long>
{
    public bool TryApply(ReadOnlySpan<byte> value, out long result)
    {
        result = value.Length;
        return true;
    }
}

/// <summary>Walks UTF-8 by code points.</summary>
internal static class CodePoints
{
    internal static long Count(ReadOnlySpan<byte> text)
    {
        long count = 0;
        foreach (byte b in text)
        {
            count += (b & 0xC0) != 0x80 ? 1 : 0;
        }

        return count;
    }

    /// <summary>The byte at which a code point starts; the length when there are fewer.</summary>
    internal static int OffsetOf(ReadOnlySpan<byte> text, long index)
    {
        long seen = -1;
        for (int i = 0; i < text.Length; i++)
        {
            seen += (text[i] & 0xC0) != 0x80 ? 1 : 0;
            if (seen == index)
            {
                return i;
            }
        }

        return text.Length;
    }
}

/// <summary>substring(text, start, length): start counts code points from 1, a negative one from the end; length may be left out.</summary>
internal sealed class SubstringNode(ExpressionNode text, ExpressionNode start, ExpressionNode? length) : ExpressionNode(TypeKind.String)
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        using var output = new ColumnBuilder(Type);
        EvaluatedColumn texts = text.Evaluate(batch);
        EvaluatedColumn starts = start.Evaluate(batch);
        EvaluatedColumn? lengths = length?.Evaluate(batch);
        for (int i = 0; i < batch.RowCount; i++)
        {
            if (!texts.Vector.IsValid(i) || !starts.Vector.IsValid(i) || lengths?.Vector.IsValid(i) == false)
            {
                output.AppendNull();
                continue;
            }

            long count = lengths is { } column ? column.Vector.Values<long>()[i] : long.MaxValue;
            output.Append(Cut(texts.Vector.BytesAt(i), starts.Vector.Values<long>()[i], count));
        }

        texts.Release();
        starts.Release();
        lengths?.Release();
        return new EvaluatedColumn(output.Finish(), IsOwned: true);
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> value, long first, long count)
    {
        // As a range of code points [from, to), which may begin in front of the text.
        long from = first > 0 ? first - 1 : first < 0 ? CodePoints.Count(value) + first : 0;
        long to = count > long.MaxValue - Math.Max(from, 0) ? long.MaxValue : from + Math.Max(count, 0);
        from = Math.Max(from, 0);
        if (to <= from)
        {
            return default;
        }

        value = value[CodePoints.OffsetOf(value, from)..];
        return value[..CodePoints.OffsetOf(value, to - from)];
    }
}

/// <summary>concat and ||: null when any part is.</summary>
internal sealed class ConcatenationNode(ImmutableArray<ExpressionNode> parts) : ExpressionNode(TypeKind.String)
{
    private readonly EvaluatedColumn[] _columns = new EvaluatedColumn[parts.Length];

    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        using var output = new ColumnBuilder(Type);
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i] = parts[i].Evaluate(batch);
        }

        for (int row = 0; row < batch.RowCount; row++)
        {
            AppendRow(row, output);
        }

        foreach (EvaluatedColumn column in _columns)
        {
            column.Release();
        }

        return new EvaluatedColumn(output.Finish(), IsOwned: true);
    }

    private void AppendRow(int row, ColumnBuilder output)
    {
        int length = 0;
        foreach (EvaluatedColumn column in _columns)
        {
            if (!column.Vector.IsValid(row))
            {
                output.AppendNull();
                return;
            }

            length += column.Vector.BytesAt(row).Length;
        }

        Span<byte> room = output.Prepare(length);
        foreach (EvaluatedColumn column in _columns)
        {
            ReadOnlySpan<byte> part = column.Vector.BytesAt(row);
            part.CopyTo(room);
            room = room[part.Length..];
        }

        output.Commit(length);
    }
}
