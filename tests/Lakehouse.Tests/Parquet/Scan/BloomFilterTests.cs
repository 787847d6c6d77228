using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class BloomFilterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>From the reference implementation, seed 0.</summary>
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1)]
    public void The_hash_is_xxhash(string text, ulong hash) => Assert.Equal(hash, BloomFilter.Hash(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_filter_finds_what_is_in_it_and_little_else()
    {
        var filter = new BloomFilter(64);
        for (int i = 0; i < 1_000; i++)
        {
            filter.Insert(BloomFilter.Hash(BitConverter.GetBytes(i)));
        }

        Assert.All(Enumerable.Range(0, 1_000), i => Assert.True(filter.MightContain(BloomFilter.Hash(BitConverter.GetBytes(i)))));
        int wrong = Enumerable.Range(1_000, 100_000).Count(i => filter.MightContain(BloomFilter.Hash(BitConverter.GetBytes(i))));
        Assert.True(wrong < 1_500, $"{wrong} of 100,000, where 16 bits for each value give about 0.1 %, and blocks some more.");

        using var buffer = new PooledBuffer();
        filter.WriteHeader(buffer);
        Assert.Equal(64 * 32, BloomFilter.ReadHeader(buffer.Written, out int headerBytes));
        Assert.Equal(buffer.Length, headerBytes);
        Assert.True(BloomFilter.Of(filter.Bitset).Bitset.SequenceEqual(filter.Bitset));
    }

    [Theory]
    [InlineData("data_index_bloom_encoding_stats.parquet")]
    [InlineData("data_index_bloom_encoding_with_length.parquet")]
    public async Task Filters_that_others_wrote_hold_the_values_of_their_chunks(string file)
    {
        string? folder = Surroundings.Shared("corpus", "parquet-testing", "data");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(new LocalObjectStore(folder), new ObjectPath(file), Stop);
        BloomFilter filter = (await reader.Indexes.ReadAsync(0, [], [], [0], Stop)).Filters[0];
        int found = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
        {
            for (int i = 0; i < batch.RowCount; i++)
            {
                Assert.True(filter.MightContain(BloomFilter.Hash(batch.Columns[0].BytesAt(i))));
                found++;
            }

            batch.Dispose();
        }

        Assert.True(found > 0);
        int wrong = Enumerable.Range(0, 10_000).Count(i => filter.MightContain(BloomFilter.Hash(Encoding.ASCII.GetBytes($"no such value {i}"))));
        Assert.True(wrong < 500, $"{wrong} of 10,000 strangers.");
    }

    [Theory]
    [InlineData("150015001c1c00001c1c00001c1c000000")] // No block.
    [InlineData("15c2011c1c00001c1c00001c1c000000")] // A part of a block.
    [InlineData("15c0011c2c00001c1c00001c1c000000")] // Another algorithm.
    [InlineData("15c001")]
    public void Filters_of_other_kinds_are_refused(string header) =>
        Assert.Throws<ParquetFormatException>(() => BloomFilter.ReadHeader(Convert.FromHexString(header), out _));
}
