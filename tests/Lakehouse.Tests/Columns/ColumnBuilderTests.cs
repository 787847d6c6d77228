using System.Text;
using Lakehouse.Columns;
using Xunit;

namespace Lakehouse.Tests.Columns;

public sealed class ColumnBuilderTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_mix_of_values_nulls_truncations_and_finishes_reads_back(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        foreach (ColumnType type in EveryType())
        {
            using var builder = new ColumnBuilder(type);
            for (int round = 0; round < 4; round++)
            {
                var expected = new List<object?>();
                int steps = random.Next(0, 3_000);
                double nulls = round == 0 ? 0 : random.NextDouble();
                for (int step = 0; step < steps; step++)
                {
                    if (random.Next(40) == 0)
                    {
                        int length = random.Next(expected.Count + 1);
                        builder.TruncateTo(length);
                        expected.RemoveRange(length, expected.Count - length);
                    }
                    else if (random.Next(30) == 0)
                    {
                        AppendMany(builder, expected, random);
                    }
                    else
                    {
                        expected.Add(random.NextDouble() < nulls ? null : RandomValue(type, random));
                        Append(builder, expected[^1]);
                    }

                    Assert.Equal(expected.Count, builder.Length);
                }

                using ColumnVector column = builder.Finish();
                Check(expected, column);
                Assert.Equal(0, builder.Length);
            }
        }
    }

    /// <summary>Values taken from another column by position, with nulls spread between them or without.</summary>
    private static void AppendMany(ColumnBuilder builder, List<object?> expected, Random random)
    {
        using var entries = new ColumnBuilder(builder.Type);
        object[] values = [.. Enumerable.Range(0, 5).Select(_ => RandomValue(builder.Type, random))];
        foreach (object value in values)
        {
            Append(entries, value);
        }

        using ColumnVector dictionary = entries.Finish();
        uint[] positions = [.. Enumerable.Range(0, random.Next(60)).Select(_ => (uint)random.Next(values.Length))];
        builder.AppendFrom(dictionary, positions);
        if (random.Next(2) == 0)
        {
            expected.AddRange(positions.Select(p => values[p]));
            return;
        }

        int slots = positions.Length + random.Next(40);
        byte[] valid = new byte[Bitmap.ByteCount(slots)];
        int[] present = [.. Enumerable.Range(0, slots).OrderBy(_ => random.Next()).Take(positions.Length).Order()];
        object?[] spread = new object?[slots];
        foreach ((int slot, uint position) in present.Zip(positions))
        {
            Bitmap.Set(valid, slot);
            spread[slot] = values[position];
        }

        builder.Spread(positions.Length, valid, slots);
        expected.AddRange(spread);
    }

    [Fact]
    public void Truncating_the_only_null_away_leaves_a_column_without_nulls()
    {
        using var builder = new ColumnBuilder(TypeKind.Long);
        builder.Append(1L);
        builder.AppendNull();
        builder.TruncateTo(1);
        builder.Append(2L);
        using ColumnVector column = builder.Finish();
        Assert.Equal(0, column.NullCount);
        Assert.True(column.Validity.IsEmpty);
        Assert.Equal([1L, 2L], column.Values<long>());
    }

    [Fact]
    public void A_boolean_taken_back_does_not_shine_through_the_next_one()
    {
        using var builder = new ColumnBuilder(TypeKind.Boolean);
        for (int i = 0; i < 11; i++)
        {
            builder.Append(true);
        }

        builder.TruncateTo(9);
        builder.Append(false);
        builder.AppendNull();
        builder.Append(true);
        using ColumnVector column = builder.Finish();
        Assert.Equal([true, false, false, true], Enumerable.Range(8, 4).Select(column.BooleanAt));
        Assert.False(column.IsValid(10));
    }

    [Fact]
    public void Truncating_beyond_the_end_is_refused()
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        builder.Append(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.TruncateTo(2));
    }

    [Fact]
    public void A_prepared_value_is_appended_only_when_committed()
    {
        using var builder = new ColumnBuilder(TypeKind.String);
        builder.Append("first"u8);
        builder.Prepare(100_000).Fill((byte)'x');
        builder.AppendNull();
        "second"u8.CopyTo(builder.Prepare(100_000));
        builder.Commit(6);
        using ColumnVector column = builder.Finish();
        Assert.Equal(3, column.Length);
        Assert.Equal("first"u8, column.BytesAt(0));
        Assert.False(column.IsValid(1));
        Assert.True(column.BytesAt(1).IsEmpty);
        Assert.Equal("second"u8, column.BytesAt(2));
        Assert.Equal(11, column.ValuesByteCount);
    }

    [Fact]
    public void A_column_of_a_hundred_megabytes_grows_and_reads_back()
    {
        byte[] value = new byte[1 << 20];
        using var builder = new ColumnBuilder(TypeKind.Binary);
        for (int i = 0; i < 100; i++)
        {
            value[0] = (byte)i;
            builder.Append(value);
        }

        using ColumnVector column = builder.Finish();
        Assert.Equal(100 << 20, column.ValuesByteCount);
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal((byte)i, column.BytesAt(i)[0]));
    }

    [Fact]
    public void Steady_state_allocates_nothing_per_value()
    {
        using var builder = new ColumnBuilder(TypeKind.String);
        byte[] value = Encoding.UTF8.GetBytes("Hauptbahnhof");
        Fill();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(bytes < 1_000, $"{bytes} bytes for 50,000 values");

        void Fill()
        {
            for (int i = 0; i < 50_000; i++)
            {
                builder.Append(value);
            }

            builder.TruncateTo(0);
        }
    }

    [Fact]
    public void A_disposed_column_refuses_to_be_read()
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        builder.Append(1);
        ColumnVector column = builder.Finish();
        column.Dispose();
        column.Dispose();
        Assert.Throws<ObjectDisposedException>(() => column.Bytes.Length);
    }

    private static IEnumerable<ColumnType> EveryType() => ColumnType.ScalarKinds
        .Select(kind => kind == TypeKind.Decimal ? ColumnType.Decimal(38, 9) : (ColumnType)kind);

    private static object RandomValue(ColumnType type, Random random) => type.Kind switch
    {
        TypeKind.Boolean => random.Next(2) == 0,
        TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis => random.Next(int.MinValue, int.MaxValue),
        TypeKind.Float => random.NextSingle(),
        TypeKind.Double => random.NextDouble(),
        TypeKind.Decimal => new Int128((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64()),
        TypeKind.String or TypeKind.Binary => RandomBytes(random),
        _ => random.NextInt64(long.MinValue, long.MaxValue),
    };

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[random.Next(4) == 0 ? 0 : random.Next(60)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Append(ColumnBuilder builder, object? value)
    {
        switch (value)
        {
            case null: builder.AppendNull(); break;
            case bool b: builder.Append(b); break;
            case int i: builder.Append(i); break;
            case long l: builder.Append(l); break;
            case float f: builder.Append(f); break;
            case double d: builder.Append(d); break;
            case Int128 m: builder.Append(m); break;
            case byte[] bytes: builder.Append(bytes); break;
            default: throw new ArgumentException($"{value.GetType()}");
        }
    }

    private static void Check(List<object?> expected, ColumnVector column)
    {
        Assert.Equal(expected.Count, column.Length);
        Assert.Equal(expected.Count(v => v is null), column.NullCount);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i] is not null, column.IsValid(i));
            bool equal = expected[i] switch
            {
                bool b => column.BooleanAt(i) == b,
                int v => column.Values<int>()[i] == v,
                long v => column.Values<long>()[i] == v,
                float v => column.Values<float>()[i] == v,
                double v => column.Values<double>()[i] == v,
                Int128 v => column.Values<Int128>()[i] == v,
                byte[] v => column.BytesAt(i).SequenceEqual(v),
                _ => IsBlank(column, i),
            };
            Assert.True(equal, $"value {i} of {column.Type}");
        }
    }

    /// <summary>A null's slot holds zero, an empty value or false, so that kernels may compute over it.</summary>
    private static bool IsBlank(ColumnVector column, int index) => column.Type switch
    {
        { Kind: TypeKind.Boolean } => !column.BooleanAt(index),
        { IsVariableWidth: true } => column.BytesAt(index).IsEmpty,
        { Width: var width } => !column.Bytes.Slice(index * width, width).ContainsAnyExcept((byte)0),
    };
}
