using System.Runtime.InteropServices;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Dictionaries are joined when that pays; a look at some entries of the second one may tell that it does not.</summary>
public sealed class DictionaryUnionTests
{
    private const int EntryCount = 20_000;
    private const int ValueCount = 6 * 25_000;
    private const int Left = 4;
    private const int Dense = 3;
    private const int Sparse = 7919;
    private static readonly Leaf Leaf = MergeColumn.Canonical(new Field("x", TypeKind.Int)).Leaves[0].Leaf;

    [Theory]
    [InlineData(Dense, 0, true)]
    [InlineData(Dense, EntryCount / 50, true)]
    [InlineData(Dense, EntryCount - 100, false)]
    [InlineData(Dense, EntryCount, false)]
    [InlineData(Sparse, 0, true)]
    [InlineData(Sparse, EntryCount / 50, true)]
    [InlineData(Sparse, EntryCount - 100, false)]
    [InlineData(Sparse, EntryCount, false)]
    public void A_second_dictionary_is_worth_a_look_at_all_entries_when_it_shares_many(int step, int from, bool mayPay)
    {
        using var union = new DictionaryUnion(Leaf.Type, 8 << 20);
        int[] first = Entries(step, 0);
        int[] second = Entries(step, from);
        Assert.True(union.TryAdd(Piece(first), out _));
        Assert.Equal(mayPay, union.MayPay(Piece(second), ValueCount, Left));
        AssertAdded(union, second);
        Assert.Equal(mayPay, union.Pays(ValueCount, Left));
        Assert.Equal(EntryCount + from, union.Count);
        AssertAdded(union, first);
        AssertAdded(union, Entries(step, 2 * EntryCount));
        Assert.Null(union.Whole);
    }

    [Fact]
    public void A_dictionary_that_goes_on_with_the_first_one_is_not_looked_into()
    {
        using var union = new DictionaryUnion(Leaf.Type, 8 << 20);
        int[] all = Entries(Sparse, 0);
        Assert.True(union.TryAdd(Piece(all[..EntryCount]), out Range map));
        ChunkPiece longer = Piece([.. all, -1, -2, -3]);
        Assert.True(union.MayPay(longer, ValueCount, Left));
        Assert.Equal(EntryCount, union.Count);
        Assert.True(union.TryAdd(longer, out map));
        Assert.Equal(default, map);
        Assert.Same(longer, union.Whole);
    }

    [Fact]
    public void Few_entries_and_those_that_no_longer_fit_are_not_looked_into()
    {
        int[] many = Entries(Sparse, EntryCount);
        using var union = new DictionaryUnion(Leaf.Type, (EntryCount + 100) * sizeof(int));
        Assert.True(union.MayPay(Piece(many), ValueCount, Left));
        Assert.True(union.TryAdd(Piece(Entries(Sparse, 0)), out _));
        Assert.True(union.MayPay(Piece(many[..1_000]), ValueCount, Left));
        Assert.True(union.MayPay(Piece(many), ValueCount, Left));
        Assert.Equal(EntryCount, union.Count);
        Assert.False(union.TryAdd(Piece(many), out _));
        Assert.Equal(EntryCount, union.Count);
    }

    /// <summary>Numbers from a place on, in no order.</summary>
    private static int[] Entries(int step, int from)
    {
        int[] entries = [.. Enumerable.Range(from, EntryCount).Select(i => i * step)];
        new Random(from).Shuffle(entries);
        return entries;
    }

    private static void AssertAdded(DictionaryUnion union, int[] entries)
    {
        Assert.True(union.TryAdd(Piece(entries), out Range map));
        ReadOnlySpan<int> known = MemoryMarshal.Cast<byte, int>(union.Plain);
        ReadOnlySpan<uint> indexes = union[map];
        Assert.Equal(union.Count, known.Length);
        Assert.Equal(known.Length, known.ToArray().Distinct().Count());
        for (int i = 0; i < entries.Length; i++)
        {
            Assert.Equal(entries[i], known[indexes.IsEmpty ? i : (int)indexes[i]]);
        }
    }

    private static ChunkPiece Piece(int[] entries)
    {
        byte[] plain = MemoryMarshal.AsBytes(entries.AsSpan()).ToArray();
        var header = new PageHeader
        {
            Type = PageType.DictionaryPage,
            NumValues = entries.Length,
            Encoding = ParquetEncoding.Plain,
            UncompressedPageSize = plain.Length,
            CompressedPageSize = plain.Length,
        };
        return new ChunkPiece
        {
            Leaf = Leaf,
            Codec = CompressionCodec.Uncompressed,
            Dictionary = new PiecePage(0, 0, header, 0),
            DictionaryBytes = plain,
            Bytes = default,
            Pages = [],
            RowCount = entries.Length,
            ValueCount = entries.Length,
        };
    }
}
