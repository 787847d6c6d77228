using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Tests.Parquet;

/// <summary>Everything a writer can be asked for, at random.</summary>
internal static class RandomOptions
{
    internal static readonly CompressionCodec[] Codecs =
    [
        CompressionCodec.Uncompressed, CompressionCodec.Snappy, CompressionCodec.Gzip, CompressionCodec.Zstd, CompressionCodec.Lz4Raw,
    ];

    internal static ParquetWriterOptions Of(Random random)
    {
        CompressionCodec codec = Codecs[random.Next(Codecs.Length)];
        bool hasLevels = codec is CompressionCodec.Zstd or CompressionCodec.Gzip;
        return new ParquetWriterOptions
        {
            Codec = codec,
            CompressionLevel = hasLevels && random.Next(2) == 0 ? random.Next(1, 6) : null,
            Encodings = (FurtherEncodings)random.Next(4),
            PagesV2 = random.Next(2) == 0,
            PageRowCount = Pick(random, 64, 333, 1_000, 20_000),
            PageBytes = Pick(random, 900, 1 << 20),
            RowGroupRowCountMax = Pick(random, 700, 5_000, 1 << 20),
            RowGroupBytes = Pick(random, 30_000, 64 << 20),
            Dictionaries = random.Next(4) > 0,
            DictionaryBytesMax = Pick(random, 2_000, 4 << 20),
            DictionaryEpochBytes = Pick(random, 0, 500, 64 << 10),
            BloomFilterBytesMax = Pick(random, 256, 1 << 20),
        };
    }

    /// <summary>The options with bloom filters of some of the columns that can have one.</summary>
    internal static ParquetWriterOptions WithFilters(this ParquetWriterOptions options, Random random, Schema schema) => options with
    {
        BloomFilters =
        [
            .. schema.Fields
                .Where(f => !f.Type.IsNested && f.Type.Kind is not (TypeKind.Boolean or TypeKind.Float or TypeKind.Double))
                .Where(_ => random.Next(2) == 0)
                .Select(f => f.Name),
        ],
    };

    private static int Pick(Random random, params ReadOnlySpan<int> from) => from[random.Next(from.Length)];
}
