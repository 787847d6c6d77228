using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>The values of pages in one encoding. An input is two bytes that choose a type (and dictionary), then the values.</summary>
internal sealed class ValueSamples
{
    private const int CountAtATime = 500;
    private const int Reads = 6;
    private readonly List<(ParquetEncoding Encoding, LeafType Leaf, ColumnVector? Dictionary)> _kinds = [];

    internal List<byte[]> Inputs { get; } = [];

    internal void Add(ParquetEncoding encoding, LeafType leaf, ColumnVector? dictionary, ReadOnlySpan<byte> values)
    {
        Inputs.Add([(byte)_kinds.Count, (byte)(_kinds.Count >> 8), .. values]);
        _kinds.Add((encoding, leaf, dictionary));
    }

    internal void Decode(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }

        (ParquetEncoding encoding, LeafType leaf, ColumnVector? dictionary) = _kinds[(input[0] | (input[1] << 8)) % _kinds.Count];
        bool isIndexed = encoding is ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary;
        if (isIndexed && dictionary is null)
        {
            return;
        }

        PageValues values = isIndexed ? new DictionaryValues(dictionary!) : PageValues.Of(encoding, leaf);
        using var builder = new ColumnBuilder(leaf.Type);
        try
        {
            values.Open(input, 2, input.Length);
            for (int i = 0; i < Reads; i++)
            {
                values.Read(CountAtATime, builder);
            }
        }
        finally
        {
            if (!isIndexed)
            {
                values.Dispose();
            }
        }
    }
}
