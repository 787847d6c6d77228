using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>RLE_DICTIONARY and PLAIN_DICTIONARY (Encodings.md): a bit width, then indexes into the chunk's dictionary in the RLE hybrid.</summary>
internal sealed class DictionaryValues(ColumnVector dictionary) : PageValues
{
    private const int AtATime = 1024;
    private RleStream _stream;

    internal override void Read(int count, ColumnBuilder target)
    {
        Span<uint> indexes = stackalloc uint[AtATime];
        for (; count > 0; count -= indexes.Length)
        {
            indexes = indexes[..Math.Min(count, indexes.Length)];
            _stream.Read(Page, indexes);
            foreach (uint index in indexes)
            {
                if (index >= (uint)dictionary.Length)
                {
                    throw new ParquetFormatException($"Index {index} into a dictionary of {dictionary.Length} entries.");
                }
            }

            target.AppendFrom(dictionary, indexes);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        dictionary.Dispose();
    }

    protected override void Begin(int start)
    {
        // A page of nothing but nulls may leave out even the width.
        _stream = start == End ? new RleStream(start, End, 0) : new RleStream(start + 1, End, Page[start]);
    }
}
