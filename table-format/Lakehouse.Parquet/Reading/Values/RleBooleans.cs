using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>RLE (Encodings.md) as an encoding of values: booleans in the RLE hybrid behind its length in four bytes.</summary>
internal sealed class RleBooleans : PageValues
{
    private const int AtATime = 1024;
    private RleStream _stream;

    internal override void Read(int count, ColumnBuilder target)
    {
        Span<uint> values = stackalloc uint[AtATime];
        for (; count > 0; count -= values.Length)
        {
            values = values[..Math.Min(count, values.Length)];
            _stream.Read(Page, values);
            foreach (uint value in values)
            {
                target.Append(value != 0);
            }
        }
    }

    protected override void Begin(int start)
    {
        Require(start, 4);
        int length = BinaryPrimitives.ReadInt32LittleEndian(Page.AsSpan(start));
        Require(start + 4, length);
        _stream = new RleStream(start + 4, start + 4 + length, 1);
    }
}
