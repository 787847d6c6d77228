using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Bounds that a file states against those that its values have, both in the form of <see cref="BoundOrder"/>. Pure.</summary>
internal static class BoundCheck
{
    /// <summary>Whether the file says in which order bounds of a column are meant, and it is one that is known here.</summary>
    internal static bool CanCheck(FileMetaData file, Leaf leaf) =>
        leaf.Type.IsOrdered && leaf.Ordinal < file.ColumnOrders.Length && file.ColumnOrders[leaf.Ordinal] != ColumnOrder.Unknown;

    /// <summary>The bounds of all pages together; null when none bounds.</summary>
    internal static (byte[] Min, byte[] Max)? Join(ColumnType type, IEnumerable<(byte[] Min, byte[] Max)?> pages)
    {
        (byte[] Min, byte[] Max)? whole = null;
        foreach ((byte[] Min, byte[] Max)? page in pages)
        {
            whole = (whole, page) switch
            {
                ({ } a, { } b) => (
                    BoundOrder.Compare(type, b.Min, a.Min) < 0 ? b.Min : a.Min, BoundOrder.Compare(type, b.Max, a.Max) > 0 ? b.Max : a.Max),
                _ => whole ?? page,
            };
        }

        return whole;
    }

    /// <summary>Says which stated bounds of a page a value passes.</summary>
    internal static void Hold(ColumnType type, PageBounds stated, int page, (byte[] Min, byte[] Max) actual, Action<string> say)
    {
        if (Bound(stated.Lower, page) is { } lower && BoundOrder.Compare(type, lower, actual.Min) > 0)
        {
            say("a lower bound above a value.");
        }

        if (Bound(stated.Upper, page) is { } upper && BoundOrder.Compare(type, upper, actual.Max) < 0)
        {
            say("an upper bound below a value.");
        }
    }

    /// <summary>A stated bound; null when there is none.</summary>
    internal static byte[]? Bound(ColumnVector bounds, int index)
    {
        if (!bounds.IsValid(index))
        {
            return null;
        }

        switch (bounds.Type.Kind)
        {
            case TypeKind.Boolean:
                return [bounds.BooleanAt(index) ? (byte)1 : (byte)0];
            case TypeKind.String or TypeKind.Binary:
                return bounds.BytesAt(index).ToArray();
            case TypeKind.Decimal:
                byte[] wide = new byte[16];
                BinaryPrimitives.WriteInt128BigEndian(wide, bounds.Values<Int128>()[index]);
                return wide;
            default:
                return bounds.Bytes.Slice(index * bounds.Type.Width, bounds.Type.Width).ToArray();
        }
    }
}
