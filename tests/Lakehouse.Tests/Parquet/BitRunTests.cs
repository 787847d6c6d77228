using Lakehouse.Parquet;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Against bits one by one.</summary>
public sealed class BitRunTests(ITestOutputHelper output)
{
    private const int Bytes = 60;

    [Fact]
    public void Bits_are_copied_filled_and_cleared_from_anywhere_to_anywhere()
    {
        var random = new Random(Seeds.Pick(output));
        for (int round = 0; round < 5_000; round++)
        {
            byte[] source = new byte[Bytes];
            byte[] target = new byte[Bytes];
            random.NextBytes(source);
            random.NextBytes(target);
            int count = random.Next(random.Next(2) == 0 ? 12 : 400);
            int from = random.Next((8 * Bytes) - count);
            int to = random.Next((8 * Bytes) - count);
            bool[] expected = [.. Enumerable.Range(0, 8 * Bytes).Select(i => Get(target, i))];
            int kind = random.Next(3);
            for (int i = 0; i < count; i++)
            {
                expected[to + i] = kind == 0 ? Get(source, from + i) : kind == 1;
            }

            switch (kind)
            {
                case 0:
                    BitRun.Copy(source, from, target, to, count);
                    break;
                case 1:
                    BitRun.Fill(target, to, count);
                    break;
                default:
                    BitRun.Clear(target, to, count);
                    break;
            }

            // < The rest of the last byte is free to change.
            int end = (to + count + 7) & ~7;
            Assert.All(Enumerable.Range(0, 8 * Bytes), i => Assert.True(
                Get(target, i) == expected[i] || (i >= to + count && i < end), $"round {round}: bit {i} of {to} + {count} from {from}, kind {kind}"));
        }
    }

    [Fact]
    public void Values_of_nulls_are_squeezed_out()
    {
        var random = new Random(Seeds.Pick(output));
        for (int round = 0; round < 2_000; round++)
        {
            int[] values = [.. Enumerable.Range(0, 400)];
            byte[] validity = new byte[51];
            double share = random.NextDouble() is var s && s < 0.2 ? 0 : s > 0.8 ? 1 : s;
            for (int i = 0; i < 400; i++)
            {
                validity[i >> 3] |= (byte)((random.NextDouble() < share ? 1 : 0) << (i & 7));
            }

            int count = random.Next(400);
            int from = random.Next(400 - count);
            int[] target = new int[count];
            int kept = BitRun.Squeeze<int>(values, validity, from, count, target);
            Assert.Equal(values.Skip(from).Take(count).Where(i => Get(validity, i)), target.Take(kept));
        }
    }

    private static bool Get(byte[] bits, int i) => ((bits[i >> 3] >> (i & 7)) & 1) == 1;
}
