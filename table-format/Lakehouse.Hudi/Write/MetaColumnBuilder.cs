using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// Builds <c>_hoodie_commit_seqno</c> and <c>_hoodie_record_key</c> without a string or object per row. A key of one field is its text, of
/// several <c>f1:v1,f2:v2</c>; null stands as <c>__null__</c>, the empty text as <c>__empty__</c> (Hudi <c>KeyGenUtils</c>).
/// </summary>
internal sealed class MetaColumnBuilder : IDisposable
{
    private const int OffsetDigitsMax = 20;
    private const int TextOnStackMax = 320; // < Names of topics have 249 bytes at most.
    private readonly ColumnBuilder _seqnos = new(TypeKind.String);
    private readonly ColumnBuilder _keys = new(TypeKind.String);
    private readonly ImmutableArray<int> _keyFields;
    private readonly ImmutableArray<byte[]> _keyLabels;

    internal MetaColumnBuilder(Schema schema, ImmutableArray<string> keyFields)
    {
        _keyFields = [.. keyFields.Select(schema.IndexOf)];
        _keyLabels = keyFields.Length == 1
            ? [[]]
            : [.. keyFields.Select(static (name, i) => Encoding.ASCII.GetBytes((i == 0 ? "" : ",") + name + ":"))];
    }

    public void Dispose()
    {
        _seqnos.Dispose();
        _keys.Dispose();
    }

    /// <summary>True where the table has no record key: the row's number is its key.</summary>
    internal bool KeysAreSeqnos => _keyFields.IsEmpty;

    /// <summary>
    /// The two columns; no keys where they are the seqnos. The caller owns the first, and the second unless that is the key field itself.
    /// </summary>
    internal (ColumnVector Seqno, ColumnVector? Key, bool OwnsKey) Build(ImmutableArray<ColumnVector> columns, int rowCount, RowIdentity identity)
    {
        if (identity.Offsets.Length != rowCount || identity.Offsets.Type.Kind != TypeKind.Long || identity.Offsets.NullCount != 0)
        {
            throw new ArgumentException(
                $"{identity.Offsets.Length} offsets of type {identity.Offsets.Type} for {rowCount} rows.", nameof(identity));
        }

        AppendSeqnos(_seqnos, identity.Prefix.Span, identity.Offsets.Values<long>());
        if (_keyFields.IsEmpty)
        {
            return (_seqnos.Finish(), null, false);
        }

        if (_keyFields.Length == 1 && IsItsOwnText(columns[_keyFields[0]]))
        {
            return (_seqnos.Finish(), columns[_keyFields[0]], false);
        }

        AppendKeys(_keys, columns, _keyFields, _keyLabels, rowCount);
        return (_seqnos.Finish(), _keys.Finish(), true);
    }

    private static void AppendSeqnos(ColumnBuilder seqnos, ReadOnlySpan<byte> prefix, ReadOnlySpan<long> offsets)
    {
        int textMax = prefix.Length + OffsetDigitsMax;
        Span<byte> text = textMax <= TextOnStackMax ? stackalloc byte[TextOnStackMax] : new byte[textMax];
        prefix.CopyTo(text);
        int length = 0;
        long next = long.MinValue;
        foreach (long offset in offsets)
        {
            if (offset == next && text[length - 1] < (byte)'9')
            {
                text[length - 1]++; // < Nine times in ten, as offsets count up by one.
            }
            else
            {
                Utf8Formatter.TryFormat(offset, text[prefix.Length..], out int digits);
                length = prefix.Length + digits;
            }

            next = offset + 1;
            seqnos.Append(text[..length]);
        }
    }

    /// <summary>Whether the texts of a key's only field are the keys: none stands for null or nothing.</summary>
    private static bool IsItsOwnText(ColumnVector field)
    {
        if (field.Type.Kind != TypeKind.String || field.NullCount > 0)
        {
            return false;
        }

        ReadOnlySpan<int> offsets = field.Offsets;
        bool anyEmpty = false;
        for (int i = 1; i < offsets.Length; i++)
        {
            anyEmpty |= offsets[i] == offsets[i - 1];
        }

        return !anyEmpty;
    }

    private static void AppendKeys(
        ColumnBuilder keys, ImmutableArray<ColumnVector> columns, ImmutableArray<int> fields, ImmutableArray<byte[]> labels, int rowCount)
    {
        for (int row = 0; row < rowCount; row++)
        {
            int bytesMax = 0;
            for (int i = 0; i < fields.Length; i++)
            {
                bytesMax += labels[i].Length + KeyText.BytesMax(columns[fields[i]], row);
            }

            Span<byte> room = keys.Prepare(bytesMax);
            int length = 0;
            for (int i = 0; i < fields.Length; i++)
            {
                labels[i].CopyTo(room[length..]);
                length += labels[i].Length;
                length += KeyText.Write(columns[fields[i]], row, room[length..]);
            }

            keys.Commit(length);
        }
    }
}
