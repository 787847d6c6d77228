namespace Lakehouse.Parquet;

/// <summary>Chooses an encoding by what it makes of the values of a page, compressed as the page will be.</summary>
internal static class EncodingTrial
{
    // Bytes that are fed to the codec cost time although they vanish: about a sixteenth of what a byte in the file is worth.
    private const double FedByteWeight = 1 / 16.0;

    // What not every reader knows must pay.
    private const double GainMin = 0.03;

    /// <summary>The encoded values; they stand until the next call.</summary>
    internal delegate ReadOnlySpan<byte> Encoder(ParquetEncoding encoding);

    /// <summary>The candidate that costs least for so many values; the first one unless another is clearly better.</summary>
    internal static ParquetEncoding Cheapest(ReadOnlySpan<ParquetEncoding> candidates, int count, Encoder encode, ParquetWriterOptions options)
    {
        ParquetEncoding best = candidates[0];
        if (candidates.Length == 1)
        {
            return best;
        }

        using var packed = new PooledBuffer(64 * 1024);
        double least = Cost(encode(best), best, count, options, packed) * (1 - GainMin);
        foreach (ParquetEncoding candidate in candidates[1..])
        {
            double cost = Cost(encode(candidate), candidate, count, options, packed);
            if (cost < least)
            {
                (best, least) = (candidate, cost);
            }
        }

        return best;
    }

    private static double Cost(ReadOnlySpan<byte> values, ParquetEncoding encoding, int count, ParquetWriterOptions options, PooledBuffer packed)
    {
        if (options.Codec == CompressionCodec.Uncompressed)
        {
            return values.Length;
        }

        Span<byte> room = packed.Reserve(PageCodec.Bound(options.Codec, values.Length));
        int stride = PageAssembly.StrideOf(encoding, values.Length, count);
        return PageCodec.Compress(options.Codec, options.Level, values, room, stride) + (FedByteWeight * values.Length);
    }
}
