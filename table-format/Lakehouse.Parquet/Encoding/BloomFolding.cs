using System.Numerics;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// Finds the size of a bloom filter whose number of distinct values is known only at the end: it is filled at the largest size and then
/// folded. The block of a hash in a filter of half the size is half its number, so two neighbours become one by OR.
/// </summary>
internal static class BloomFolding
{
    // A filter that lets every fourth absent value through is not worth its bytes.
    private const double UselessFrom = 0.25;

    private const double FalsePositivesMax = 0.01;

    /// <summary>A filled filter as it is written, header first, as small as it can be; empty when it is not worth its bytes.</summary>
    internal static byte[] Folded(BloomFilter filter)
    {
        ReadOnlySpan<byte> blocks = Fold(filter.Bitset.ToArray(), FalsePositivesMax);
        if (blocks.IsEmpty)
        {
            return [];
        }

        using var target = new PooledBuffer(BloomFilter.HeaderBytesMax);
        BloomFilter.WriteHeader(target, blocks.Length);
        target.Append(blocks);
        return target.Written.ToArray();
    }

    /// <summary>
    /// Folds blocks in place as often as the share of false positives allows; gives the blocks that are left, empty when even unfolded
    /// they would let too much through. Their number is a power of two.
    /// </summary>
    internal static Span<byte> Fold(Span<byte> bitset, double falsePositivesMax)
    {
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(bitset);
        if (FalsePositives(words) > UselessFrom)
        {
            return default;
        }

        while (words.Length > BloomFilter.BlockBytes / sizeof(uint) && FalsePositives(words, folded: true) <= falsePositivesMax)
        {
            Fold(words);
            words = words[..(words.Length / 2)];
        }

        return MemoryMarshal.AsBytes(words);
    }

    /// <summary>How many absent values seem to be there: in each block the share of set bits in all eight words at once.</summary>
    internal static double FalsePositives(ReadOnlySpan<uint> words, bool folded = false)
    {
        const int PerBlock = BloomFilter.BlockBytes / sizeof(uint);
        int step = folded ? 2 * PerBlock : PerBlock;
        double sum = 0;
        for (int block = 0; block < words.Length; block += step)
        {
            double all = 1;
            for (int i = 0; i < PerBlock; i++)
            {
                uint word = words[block + i] | (folded ? words[block + PerBlock + i] : 0);
                all *= BitOperations.PopCount(word) / 32.0;
            }

            sum += all;
        }

        return sum * step / words.Length;
    }

    private static void Fold(Span<uint> words)
    {
        const int PerBlock = BloomFilter.BlockBytes / sizeof(uint);
        for (int block = 0; block < words.Length / 2; block += PerBlock)
        {
            for (int i = 0; i < PerBlock; i++)
            {
                words[block + i] = words[(2 * block) + i] | words[(2 * block) + PerBlock + i];
            }
        }
    }
}
