using System.Buffers.Text;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// One value of a record key as bytes. Strings, whole numbers and booleans, which is what keys are, take no allocation; the other types
/// go through <see cref="ValueText"/>.
/// </summary>
internal static class KeyText
{
    private const int OtherBytesMax = 64;

    /// <summary>Room that <see cref="Write"/> may need.</summary>
    internal static int BytesMax(ColumnVector column, int row) => column.Type.Kind switch
    {
        TypeKind.String => Math.Max(column.BytesAt(row).Length, "__empty__".Length),
        TypeKind.Binary => Math.Max(Base64.GetMaxEncodedToUtf8Length(column.BytesAt(row).Length), "__empty__".Length),
        _ => OtherBytesMax,
    };

    /// <summary>Writes the text and returns its length.</summary>
    internal static int Write(ColumnVector column, int row, Span<byte> room)
    {
        if (!column.IsValid(row))
        {
            return Literal("__null__"u8, room);
        }

        int length;
        switch (column.Type.Kind)
        {
            case TypeKind.String:
                length = Literal(column.BytesAt(row), room);
                break;
            case TypeKind.Binary:
                Base64.EncodeToUtf8(column.BytesAt(row), room, out _, out length);
                break;
            case TypeKind.Boolean:
                length = Literal(column.BooleanAt(row) ? "true"u8 : "false"u8, room);
                break;
            case TypeKind.Int or TypeKind.TimeMillis:
                Utf8Formatter.TryFormat(column.Values<int>()[row], room, out length);
                break;
            case TypeKind.Long or TypeKind.TimeMicros or TypeKind.TimestampMillis or TypeKind.TimestampMicros:
                Utf8Formatter.TryFormat(column.Values<long>()[row], room, out length);
                break;
            default:
                length = Encoding.UTF8.GetBytes(ValueText.Of(column, row), room);
                break;
        }

        return length > 0 ? length : Literal("__empty__"u8, room);
    }

    private static int Literal(ReadOnlySpan<byte> text, Span<byte> room)
    {
        text.CopyTo(room);
        return text.Length;
    }
}
