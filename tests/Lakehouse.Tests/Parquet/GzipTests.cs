using System.IO.Compression;
using System.Text;
using Lakehouse.Parquet;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Our members beside those of the runtime's own gzip, several of them, and damaged ones.</summary>
public sealed class GzipTests
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 400).Select(static n => $"trip {n % 37} of {n};")));

    public static TheoryData<int> Levels => [.. Enumerable.Range(1, Gzip.LevelMax)];

    [Theory]
    [MemberData(nameof(Levels))]
    public void Others_unpack_what_is_packed_here(int level)
    {
        foreach (byte[] source in (byte[][])[[], [7], Text, Noise(100_000)])
        {
            byte[] packed = Pack(source, level);
            using var unpacked = new MemoryStream();
            using var stream = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            stream.CopyTo(unpacked);
            Assert.Equal(source, unpacked.ToArray());
            Assert.Equal(source, Unpack(packed, source.Length));
        }
    }

    [Fact]
    public void Members_after_each_other_are_one_page()
    {
        byte[] packed = [.. PackedByOthers(Text), .. Pack([], 1), .. Pack(Text, 9), .. PackedByOthers([1, 2, 3])];
        byte[] whole = [.. Text, .. Text, 1, 2, 3];
        Assert.Equal(whole, Unpack(packed, whole.Length));
        Assert.Throws<ParquetFormatException>(() => Unpack(packed, whole.Length - 1));
        Assert.Throws<ParquetFormatException>(() => Unpack(packed, whole.Length + 1));
    }

    [Fact]
    public void What_follows_the_last_member_is_left_alone() => Assert.Equal(Text, Unpack([.. Pack(Text, 6), 0, 0, 0], Text.Length));

    [Fact]
    public void Damage_is_an_error_and_the_next_page_is_read_all_the_same()
    {
        byte[] packed = Pack(Text, 6);
        for (int cut = 0; cut < packed.Length; cut++)
        {
            Assert.Throws<ParquetFormatException>(() => Unpack(packed.AsSpan(0, cut), Text.Length));
        }

        // < Nobody looks at the header's time, system and hint, nor at the padding above the last code's bits.
        for (int at = 10; at < packed.Length; at++)
        {
            byte[] damaged = [.. packed];
            damaged[at] ^= 1;
            Assert.Throws<ParquetFormatException>(() => Unpack(damaged, Text.Length));
            Assert.Equal(Text, Unpack(packed, Text.Length));
        }
    }

    private static byte[] Pack(ReadOnlySpan<byte> source, int level)
    {
        byte[] target = new byte[Gzip.Bound(source.Length)];
        return target[..Gzip.Compress(source, target, level)];
    }

    private static byte[] Unpack(ReadOnlySpan<byte> packed, int length)
    {
        byte[] target = new byte[length];
        Gzip.Decompress(packed, target);
        return target;
    }

    private static byte[] PackedByOthers(byte[] source)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(source);
        }

        return packed.ToArray();
    }

    private static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(11).NextBytes(noise);
        return noise;
    }
}
