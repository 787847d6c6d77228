using System.Runtime.InteropServices;
using System.Text;
using Lakehouse.Parquet;
using Lakehouse.Parquet.Zstandard;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet.Codecs;

/// <summary>libzstd reads what is written here: it is the judge of everything.</summary>
public sealed class ColumnFrameTests(ITestOutputHelper output)
{
    [Fact]
    public void Libzstd_unpacks_values_of_any_width_and_shape()
    {
        int seed = Seeds.Pick(output);
        for (int round = 0; round < Seeds.Count(300); round++)
        {
            var random = new Random(HashCode.Combine(seed, round));
            int stride = random.Next(3) == 0 ? 8 : random.Next(4, random.Next(2) == 0 ? 20 : ValueCopies.StrideMax + 1);
            byte[] page = Page(random, stride, random.Next(3) == 0 ? 600_000 : 60_000);
            AssertComesBack(page, stride, $"round {round}, values of {stride} bytes");
        }
    }

    [Fact]
    public void Frequencies_that_fall_by_half_stay_within_codes_of_eleven_bits()
    {
        var random = new Random(5);
        foreach (int symbols in (int[])[2, 3, 12, 40, 129, 256])
        {
            byte[] page = new byte[200_000];
            for (int i = 0; i < page.Length; i++)
            {
                page[i] = (byte)Math.Min(symbols - 1, (int)(-Math.Log2(1 - random.NextDouble()) * (1 + (symbols / 64))));
            }

            for (int s = 0; s < symbols; s++)
            {
                page[s] = (byte)s;
            }

            AssertComesBack(page, 5, $"{symbols} symbols");
        }
    }

    [Fact]
    public void Codes_are_the_same_with_and_without_vectors()
    {
        var random = new Random(7);
        foreach (int symbols in (int[])[2, 17, 100, 256])
        {
            byte[] source = new byte[10_000 + random.Next(64)];
            for (int i = 0; i < source.Length; i++)
            {
                source[i] = (byte)Math.Min(random.Next(symbols), random.Next(symbols));
            }

            var counts = new int[256];
            foreach (byte b in source)
            {
                counts[b]++;
            }

            var code = new HuffmanCode();
            code.Build(counts);
            byte[] with = new byte[HuffmanStream.BytesMax(source.Length)];
            byte[] without = new byte[HuffmanStream.BytesMax(source.Length)];
            int length = HuffmanStream.Write(source, code, without, vectors: false);
            Assert.Equal(length, HuffmanStream.Write(source, code, with));
            Assert.Equal(without[..length], with[..length]);

            int missing = Array.IndexOf(counts, 0);
            if (missing >= 0)
            {
                source[random.Next(source.Length)] = (byte)missing;
                Assert.Equal(-1, HuffmanStream.Write(source, code, without, vectors: false));
                Assert.Equal(-1, HuffmanStream.Write(source, code, with));
            }
        }
    }

    /// <summary>Times that go on with some disorder: upper bytes are those of the value before in long runs, in few blocks in all of them.</summary>
    [Theory]
    [InlineData(1, 600)]
    [InlineData(17, 60_000)]
    [InlineData(17, 1_000_000)]
    [InlineData(5_000, 5_000)]
    [InlineData(1, 50_000_000)]
    public void Long_runs_of_equal_upper_bytes_come_back(int step, int disorder)
    {
        var random = new Random(step + disorder);
        foreach (int count in (int[])[513, 16_385, 20_000, 100_000])
        {
            long[] values = new long[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = 1_763_510_400_000 + ((long)i * step) + random.Next(disorder);
            }

            foreach (int levels in (int[])[0, 1, 6, 2_503])
            {
                byte[] page = [.. new byte[levels], .. MemoryMarshal.AsBytes(values.AsSpan())];
                AssertComesBack(page, sizeof(long), $"{count} values behind {levels} bytes");
            }
        }
    }

    [Theory]
    [InlineData(40)]
    [InlineData(8)]
    public void Identifiers_and_decimal_fractions_take_less_than_with_libzstd(int stride)
    {
        var random = new Random(11);
        byte[] page = stride == 8
            ? MemoryMarshal.AsBytes(Enumerable.Range(0, 20_000).Select(_ => random.Next(3_700_000, 3_800_000) / 100_000.0).ToArray().AsSpan()).ToArray()
            : [.. Enumerable.Range(0, 20_000).SelectMany(_ => (byte[])[36, 0, 0, 0, .. Encoding.ASCII.GetBytes(NewUuid(random))])];
        byte[] packed = new byte[Zstd.Bound(page.Length)];
        Assert.InRange(ColumnFrame.TryCompress(page, packed, stride), 1, Zstd.Compress(page, packed, 1) - 1);
    }

    [Fact]
    public void Counters_are_left_to_libzstd()
    {
        byte[] numbers = MemoryMarshal.AsBytes(Enumerable.Range(0, 20_000).Select(static n => 7_000_000L + (n * 19)).ToArray().AsSpan()).ToArray();
        byte[] texts = [.. Enumerable.Range(0, 20_000).SelectMany(static n => (byte[])[18, 0, 0, 0, .. Encoding.ASCII.GetBytes($"order-{n:d12}")])];
        Assert.Equal(0, ColumnFrame.TryCompress(numbers, new byte[Zstd.Bound(numbers.Length)], 8));
        Assert.Equal(0, ColumnFrame.TryCompress(texts, new byte[Zstd.Bound(texts.Length)], 22));
    }

    [Fact]
    public void Only_pages_of_some_size_and_values_of_some_width_are_taken()
    {
        Assert.True(ColumnFrame.Takes(ColumnFrame.BytesMin, 8));
        Assert.False(ColumnFrame.Takes(ColumnFrame.BytesMin - 1, 8));
        Assert.False(ColumnFrame.Takes(1 << 20, 0));
        Assert.False(ColumnFrame.Takes(1 << 20, ValueCopies.StrideMax + 1));
    }

    private static void AssertComesBack(byte[] page, int stride, string what)
    {
        Assert.True(Zstd.Bound(page.Length) >= ColumnFrame.Bound(page.Length), what);
        string? fault = ColumnFrameReading.Fault(page, stride);
        Assert.True(fault is null, $"{what}: {fault}");
    }

    // < Some bytes of levels, then values, each byte of which is drawn in its own way; some values come again.
    private static byte[] Page(Random random, int stride, int bytesMax)
    {
        int levels = random.Next(random.Next(2) == 0 ? 10 : 3000);
        int count = (ColumnFrame.BytesMin / stride) + random.Next(bytesMax / stride);
        byte[] page = new byte[levels + (count * stride)];
        random.NextBytes(page.AsSpan(0, levels));
        Span<byte> values = page.AsSpan(levels);
        int[] kinds = [.. Enumerable.Range(0, stride).Select(_ => random.Next(6))];
        if (random.Next(2) == 0)
        {
            // < Neighbouring bytes are often alike.
            int from = random.Next(stride);
            kinds.AsSpan(from, random.Next(stride - from)).Fill(random.Next(6));
        }

        double repeats = random.Next(3) == 0 ? random.NextDouble() : 0;
        for (int v = 0; v < count; v++)
        {
            Span<byte> value = values.Slice(v * stride, stride);
            if (v > 0 && random.NextDouble() < repeats)
            {
                values.Slice(random.Next(v) * stride, stride).CopyTo(value);
                continue;
            }

            for (int i = 0; i < stride; i++)
            {
                value[i] = kinds[i] switch
                {
                    0 => (byte)random.Next(256),
                    1 => 7,
                    2 => (byte)"0123456789abcdef"[random.Next(16)],
                    3 => (byte)(v >> random.Next(8)),
                    4 => (byte)(random.Next(100) == 0 ? random.Next(256) : 200),
                    _ => (byte)(random.NextDouble() * random.NextDouble() * 256),
                };
            }
        }

        return page;
    }

    private static string NewUuid(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }
}
