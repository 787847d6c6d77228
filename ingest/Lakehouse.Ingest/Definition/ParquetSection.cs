using Lakehouse.Parquet;
using YamlDotNet.RepresentationModel;

namespace Lakehouse.Ingest;

/// <summary>
/// The part <c>table: parquet</c> of a pipeline file: <c>{ compression, level, encodings, page_version, row_group_size,
/// bloom_filters }</c>.
/// </summary>
internal static class ParquetSection
{
    private static readonly (string Word, FurtherEncodings Value)[] EncodingWords =
        [("delta", FurtherEncodings.Delta), ("byte_stream_split", FurtherEncodings.ByteStreamSplit)];

    internal static ParquetWriterOptions Read(YamlMapping? parquet)
    {
        var options = new ParquetWriterOptions();
        if (parquet is null)
        {
            return options;
        }

        options = options with
        {
            Codec = parquet.FindWord(
                "compression", options.Codec,
                ("zstd", CompressionCodec.Zstd), ("snappy", CompressionCodec.Snappy), ("lz4_raw", CompressionCodec.Lz4Raw),
                ("gzip", CompressionCodec.Gzip), ("none", CompressionCodec.Uncompressed)),
            Encodings = ReadEncodings(parquet),
            PagesV2 = parquet.FindInteger("page_version", 1, 1, 2) == 2,
            BloomFilters = [.. parquet.FindTexts("bloom_filters")],
            RowGroupBytes = parquet.FindSize("row_group_size", options.RowGroupBytes, 64 << 10),
        };
        options = options with { CompressionLevel = ReadLevel(parquet, options.Codec) };
        parquet.Done();
        return options;
    }

    private static FurtherEncodings ReadEncodings(YamlMapping parquet)
    {
        FurtherEncodings encodings = FurtherEncodings.None;
        foreach (string word in parquet.FindTexts("encodings"))
        {
            int index = Array.FindIndex(EncodingWords, w => w.Word == word);
            encodings |= index >= 0
                ? EncodingWords[index].Value
                : throw new PipelineDefinitionException(parquet.LocationOf("encodings"),
                    $"'{word}' is no encoding that can be allowed; delta and byte_stream_split are."
                    + Spelling.Suggest(word, EncodingWords.Select(static w => w.Word)));
        }

        return encodings;
    }

    private static int? ReadLevel(YamlMapping parquet, CompressionCodec codec)
    {
        if (parquet.Find("level") is not YamlScalarNode)
        {
            return null;
        }

        return ParquetWriterOptions.LevelsOf(codec) is var (min, max)
            ? parquet.FindInteger("level", min, min, max)
            : throw new PipelineDefinitionException(parquet.LocationOf("level"), "'level' is for the compressions zstd and gzip; others have none.");
    }
}
