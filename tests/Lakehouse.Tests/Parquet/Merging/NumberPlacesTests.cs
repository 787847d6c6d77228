using System.Runtime.InteropServices;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Numbers that lie close together are found by their digits, as any others are by their bits.</summary>
public sealed class NumberPlacesTests(ITestOutputHelper output)
{
    private static readonly double[] Odd =
    [
        -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, double.MinValue, 1.0 / 3,
        0.1 + 0.2, Math.BitDecrement(37.5), 1L << 52, (1L << 53) + 2.0, 1e300, BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001),
    ];

    private static readonly TypeKind[] Kinds = [TypeKind.Double, TypeKind.Long, TypeKind.Int];

    [Fact]
    public void Numbers_of_many_dictionaries_get_the_indexes_that_their_bits_get()
    {
        int found = 0;
        int seeds = Seeds.Count(200);
        for (int seed = Seeds.First(1); seeds > 0; seed++, seeds--)
        {
            var random = new Random(seed);
            TypeKind kind = Kinds[random.Next(Kinds.Length)];
            using var union = new Union(kind);
            int spread = random.Next(3) == 0 ? 60 : random.Next(1, 30);
            for (int dictionaries = random.Next(1, 8); dictionaries > 0; dictionaries--)
            {
                ulong[] entries = Entries(random, kind, spread);
                if (random.Next(8) == 0)
                {
                    union.Append(entries);
                }
                else
                {
                    found += union.Find(entries, $"LAKEHOUSE_SEED={seed}") ? 1 : 0;
                }
            }
        }

        output.WriteLine($"{found} dictionaries were found by their digits");
        Assert.True(found > 0);
    }

    [Fact]
    public void Coordinates_and_prices_are_found_by_their_digits()
    {
        using var union = new Union(TypeKind.Double);
        foreach (int from in (int[])[3_700_000, 3_650_000, 3_810_000, -10_000])
        {
            ulong[] entries = [.. Enumerable.Range(from, 90_000).Select(static i => BitConverter.DoubleToUInt64Bits(i / 100_000.0))];
            bool isNear = from > 0;
            Assert.Equal(isNear, union.Find(entries, $"from {from}"));
        }
    }

    [Fact]
    public void Integers_at_both_ends_of_their_range_are_found()
    {
        long[][] all = [[long.MaxValue, long.MaxValue - 3], [long.MinValue, long.MinValue + 3], [-1, 0, 1], [long.MinValue, long.MaxValue]];
        foreach (long[] values in all)
        {
            using var union = new Union(TypeKind.Long);
            ulong[] entries = [.. values.Select(static v => (ulong)v)];
            union.Find(entries, "the first");
            union.Find([.. entries.Reverse()], "the second");
        }
    }

    [Fact]
    public void A_number_that_its_digits_do_not_lead_back_to_leaves_everything_as_it_was()
    {
        foreach (double odd in Odd)
        {
            using var union = new Union(TypeKind.Double);
            ulong[] entries = [.. Enumerable.Range(0, 1_000).Select(static i => BitConverter.DoubleToUInt64Bits(i / 4.0))];
            Assert.True(union.Find(entries, "quarters"));
            entries[777] = BitConverter.DoubleToUInt64Bits(odd);
            Assert.False(union.Find(entries, $"{odd}"));
        }
    }

    private static ulong[] Entries(Random random, TypeKind kind, int spread)
    {
        int decimals = random.Next(0, 6);
        long from = random.NextInt64(-1L << spread, 1L << spread);
        bool isOdd = random.Next(6) == 0;
        var entries = new ulong[random.Next(1, 3_000)];
        for (int i = 0; i < entries.Length; i++)
        {
            long value = from + random.NextInt64(1L << Math.Min(spread, 18));
            entries[i] = kind switch
            {
                TypeKind.Int => (uint)value,
                TypeKind.Double when isOdd && random.Next(100) == 0 => BitConverter.DoubleToUInt64Bits(Odd[random.Next(Odd.Length)]),
                TypeKind.Double => BitConverter.DoubleToUInt64Bits(value / Math.Pow(10, decimals)),
                _ => (ulong)value,
            };
        }

        return entries;
    }

    /// <summary>What is known, and the same by its bits.</summary>
    private sealed class Union(TypeKind kind) : IDisposable
    {
        private readonly LeafType _leaf = MergeColumn.Canonical(new Field("x", kind)).Leaves[0].Leaf.Type;
        private readonly NumberPlaces _places = new();
        private readonly PooledBuffer _plain = new();
        private readonly List<ulong> _known = [];

        /// <summary>Entries that nobody looks up.</summary>
        internal void Append(ulong[] entries)
        {
            _plain.Append(Bytes(entries));
            _known.AddRange(entries);
        }

        internal bool Find(ulong[] entries, string place)
        {
            var indexes = new uint[entries.Length];
            int count = _known.Count;
            byte[] before = _plain.Written.ToArray();
            if (!_places.TryFind(_leaf, Bytes(entries), indexes, _plain, ref count))
            {
                Assert.Equal(_known.Count, count);
                Assert.Equal(before, _plain.Written.ToArray());
                return false;
            }

            for (int i = 0; i < entries.Length; i++)
            {
                if (indexes[i] >= _known.Count)
                {
                    Assert.True(indexes[i] == _known.Count && !_known.Contains(entries[i]), $"{place}: entry {i} is new");
                    _known.Add(entries[i]);
                }

                Assert.True(_known[(int)indexes[i]] == entries[i], $"{place}: entry {i}");
            }

            Assert.Equal(_known.Count, count);
            Assert.Equal(Bytes([.. _known]), _plain.Written.ToArray());
            return true;
        }

        public void Dispose()
        {
            _places.Dispose();
            _plain.Dispose();
        }

        private byte[] Bytes(ulong[] entries) => kind == TypeKind.Int
            ? MemoryMarshal.AsBytes<uint>(entries.Select(static e => (uint)e).ToArray()).ToArray()
            : MemoryMarshal.AsBytes<ulong>(entries).ToArray();
    }
}
