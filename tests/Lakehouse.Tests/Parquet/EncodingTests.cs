using Lakehouse.Columns;
using Lakehouse.Parquet;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class EncodingTests
{
    [Fact]
    public void Run_lengths_and_packed_groups_come_back_at_every_width()
    {
        int seed = Environment.ProcessId;
        var random = new Random(seed);
        for (int round = 0; round < 600; round++)
        {
            int width = random.Next(1, 33);
            int count = random.Next(0, 500);
            uint[] values = new uint[count + 8];
            uint value = 0;
            for (int i = 0; i < count; i++)
            {
                if (random.Next(4) == 0 || random.Next(40) == 0 || round % 3 == 0)
                {
                    value = (uint)random.NextInt64(1L << width);
                }

                values[i] = value;
            }

            byte[] target = new byte[RleHybrid.BytesMax(count, width)];
            int length = RleHybrid.Encode(values, count, width, target);
            uint[] decoded = new uint[count];
            RleHybrid.Decode(target.AsSpan(0, length), width, decoded);
            Assert.True(values.AsSpan(0, count).SequenceEqual(decoded), $"seed {seed}, round {round}, width {width}, {count} values");
        }
    }

    [Fact]
    public void Packing_with_and_without_vector_instructions_gives_the_same_bytes()
    {
        var random = new Random(3);
        for (int width = 1; width <= 32; width++)
        {
            uint[] values = new uint[256];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (uint)random.NextInt64(1L << width);
            }

            byte[] fast = new byte[(32 * width) + BitPacking.Slack];
            byte[] plain = new byte[(32 * width) + BitPacking.Slack];
            int bytes = BitPacking.Pack(values, width, fast);
            BitPacking.PackScalar(values, width, plain);
            Assert.Equal(plain[..bytes], fast[..bytes]);
        }
    }

    [Fact]
    public void Packed_values_come_back_from_wherever_they_are_read()
    {
        var random = new Random(4);
        for (int width = 0; width <= 32; width++)
        {
            uint[] values = new uint[256];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (uint)random.NextInt64(1L << width);
            }

            byte[] packed = new byte[(32 * width) + BitPacking.Slack];
            int bytes = BitPacking.Pack(values, width, packed);
            for (int round = 0; round < 50; round++)
            {
                int from = random.Next(round % 2 == 0 ? values.Length : 1);
                uint[] found = new uint[random.Next(values.Length - from + 1)];
                BitPacking.Unpack(packed.AsSpan(0, bytes), (long)from * width, width, found);
                Assert.Equal(values[from..(from + found.Length)], found);
            }
        }
    }

    [Fact]
    public void Differences_come_back_whatever_the_values_and_with_and_without_vectors_alike()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 500; round++)
        {
            long[] values = new long[random.Next(0, 600)];
            long value = random.NextInt64();
            int bits = random.Next(0, 65);
            for (int i = 0; i < values.Length; i++)
            {
                long step = bits == 0 ? 7 : (long)((ulong)random.NextInt64(long.MinValue, long.MaxValue) >> (64 - bits));
                values[i] = value = unchecked(round % 2 == 0 ? value + step : step);
            }

            byte[] target = new byte[DeltaStream.BytesMax(values.Length, 8)];
            int length = DeltaStream.Encode<long>(values, target);
            Assert.True(values.AsSpan().SequenceEqual(Decode(target, length, values.Length)), $"seed {seed}, round {round}, {bits} bits");

            int[] narrow = [.. values.Select(v => unchecked((int)v))];
            length = DeltaStream.Encode<int>(narrow, target);
            Assert.True(narrow.SequenceEqual(Decode(target, length, narrow.Length).Select(v => unchecked((int)v))), $"seed {seed}, round {round}");
            if (values.Length is > 1 and < 130)
            {
                long[] fast = new long[values.Length - 1];
                long[] plain = new long[values.Length - 1];
                Assert.Equal(DeltaStream.SubtractScalar<long>(values, plain), DeltaStream.Subtract<long>(values, fast));
                Assert.Equal(plain, fast);
            }
        }
    }

    private static long[] Decode(byte[] bytes, int length, int count)
    {
        var stream = new DeltaStream(bytes, 0, length);
        Assert.Equal(count, stream.Left);
        Assert.Equal(length, stream.FindEnd(bytes));
        long[] values = new long[count];
        stream.Read(bytes, values);
        return values;
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(3)]
    public void Split_bytes_come_back_and_are_the_same_with_and_without_vectors(int width)
    {
        var random = new Random(width);
        for (int count = 0; count < 100; count++)
        {
            byte[] values = new byte[count * width];
            random.NextBytes(values);
            byte[] fast = new byte[values.Length];
            byte[] plain = new byte[values.Length];
            ByteStreamSplit.Encode(values, width, fast);
            ByteStreamSplit.EncodeScalar(values, width, 0, plain);
            Assert.Equal(plain, fast);
            byte[] back = new byte[values.Length];
            ByteStreamSplit.Decode(fast, width, 0, back);
            Assert.Equal(values, back);
        }
    }

    [Fact]
    public void The_checksum_is_that_of_gzip_for_every_length_and_cut()
    {
        Assert.Equal(0xCBF43926u, Crc32.Append(0, "123456789"u8));
        byte[] bytes = new byte[1_000];
        new Random(1).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length += 13)
        {
            uint slow = ~Crc32.Slice(~0u, bytes.AsSpan(0, length));
            Assert.Equal(slow, Crc32.Append(0, bytes.AsSpan(0, length)));
            Assert.Equal(slow, Crc32.Append(Crc32.Append(0, bytes.AsSpan(0, length / 3)), bytes.AsSpan(length / 3, length - (length / 3))));
        }
    }

    [Fact]
    public void Not_a_number_bounds_nothing_and_zeros_keep_both_signs_inside()
    {
        double[] values = [3, double.NaN, 0.0, double.NaN, -0.0, 7, 1, 2, 3, 4, 5, 6];
        (bool has, double min, double max) = Bounds(values);
        Assert.True(has);
        Assert.True(double.IsNegative(min) && min == 0);
        Assert.Equal(7, max);
        (_, _, max) = Bounds([-0.0, -5]);
        Assert.False(double.IsNegative(max));
        (has, _, _) = Bounds([double.NaN, double.NaN]);
        Assert.False(has);
        (_, min, max) = Bounds([double.NaN, .. Enumerable.Range(1, 40).Select(i => (double)i)]);
        Assert.Equal((1, 40), (min, max));
    }

    [Fact]
    public void Long_bounds_are_shortened_to_bounds()
    {
        var random = new Random(9);
        Span<byte> upper = stackalloc byte[BoundTruncation.BytesMax];
        for (int round = 0; round < 500; round++)
        {
            byte[] value = System.Text.Encoding.UTF8.GetBytes(string.Concat(
                Enumerable.Range(0, random.Next(20, 80)).Select(_ => random.Next(4) == 0 ? "語" : ((char)random.Next(32, 128)).ToString())));
            ReadOnlySpan<byte> lower = value.AsSpan(0, BoundTruncation.LowerLength(value, isText: true));
            Assert.True(lower.SequenceCompareTo(value) <= 0 && lower.Length <= 64);
            if (BoundTruncation.TryShortenUpper(value, isText: true, upper, out int length))
            {
                Assert.True(((ReadOnlySpan<byte>)upper[..length]).SequenceCompareTo(value) > 0);
                Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(upper[..length]));
            }
        }
    }

    [Fact]
    public void Unknown_thrift_fields_are_skipped_and_deep_ones_refused()
    {
        // Field 1: i32 7; field 200: list of structs; field 201: map of i32 to binary; then field 202: bool.
        byte[] bytes = [0x15, 0x0E, 0x09, 0x90, 0x03, 0x2C, 0x15, 0x02, 0x00, 0x00, 0x1B, 0x01, 0x58, 0x02, 0x01, 0x61, 0x11, 0x00];
        var reader = new ThriftReader(bytes);
        short outer = reader.BeginStruct();
        Assert.True(reader.NextField(out short id, out byte type));
        Assert.Equal((1, 7), (id, reader.I32(type)));
        foreach (int expected in new[] { 200, 201, 202 })
        {
            Assert.True(reader.NextField(out id, out type));
            Assert.Equal(expected, id);
            reader.Skip(type);
        }

        Assert.False(reader.NextField(out _, out _));
        reader.EndStruct(outer);
        Assert.Equal(bytes.Length, reader.Position);

        byte[] deep = new byte[10_000];
        Array.Fill(deep, (byte)0x1C);
        Assert.Throws<ParquetFormatException>(() => FooterFormat.Read(deep));
    }

    private static (bool Has, double Min, double Max) Bounds(double[] values)
    {
        long min = 0;
        long max = 0;
        long[] bits = [.. values.Select(BitConverter.DoubleToInt64Bits)];
        bool has = MinMax.Widen<long>(TypeKind.Double, bits, false, ref min, ref max);
        return (has, BitConverter.Int64BitsToDouble(min), BitConverter.Int64BitsToDouble(max));
    }

    [Fact]
    public void A_dictionary_knows_the_bounds_of_each_page()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        using var dictionary = new ByteArrayDictionary();
        using var bounds = new EntryBounds();
        uint[] indexes = new uint[1000];
        for (int page = 0; page < 60; page++)
        {
            // Values that differ in the first bytes, only behind the first eight, or only in their length.
            string[] stems = ["", "a", "\0", "trips-00", "trips-00-", "trips-01-"];
            byte[][] values =
            [
                .. Enumerable.Range(0, random.Next(1, indexes.Length)).Select(_ => System.Text.Encoding.UTF8.GetBytes(
                    stems[random.Next(stems.Length)] + new string('\0', random.Next(3)) + random.Next(page < 30 ? 20 : 2000))),
            ];
            byte[] bytes = [.. values.SelectMany(v => v)];
            int[] offsets = new int[values.Length + 1];
            for (int i = 0; i < values.Length; i++)
            {
                offsets[i + 1] = offsets[i] + values[i].Length;
            }

            bounds.BeginPage();
            Assert.False(bounds.Any);
            dictionary.Encode(bytes, offsets, indexes, bounds);
            for (int i = 0; i < values.Length; i++)
            {
                Assert.True(dictionary[(int)indexes[i]].SequenceEqual(values[i]), $"seed {seed}");
            }

            Array.Sort(values, static (a, b) => a.AsSpan().SequenceCompareTo(b));
            Assert.True(bounds.Any);
            Assert.True(dictionary[bounds.Minimum].SequenceEqual(values[0]), $"seed {seed}");
            Assert.True(dictionary[bounds.Maximum].SequenceEqual(values[^1]), $"seed {seed}");
        }
    }
}
