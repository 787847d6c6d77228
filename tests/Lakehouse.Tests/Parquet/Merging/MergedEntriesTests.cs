using Lakehouse.Columns;
using Lakehouse.Parquet;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Dictionaries whose entries are the values of their pages one by one become pages as they are.</summary>
public sealed class MergedEntriesTests
{
    private const int PageRows = 6_000;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, 0, false, false)]
    [InlineData(true, 0, true, false)]
    [InlineData(false, 0, false, true)]
    [InlineData(false, 3, false, false)]
    [InlineData(false, 7, true, false)]
    [InlineData(false, 7, false, true)]
    public async Task Entries_in_the_order_of_their_values_become_one_page(bool required, int nullEvery, bool pagesV2, bool checksums)
    {
        CraftedMerge merge = await FilesAsync(required, nullEvery, checksums, Enumerable.Range(0, 2 * PageRows));
        (ParquetFileReader file, _) = await merge.MergeAsync(Options(pagesV2));
        (PageType type, int count) = await LastButOneAsync(merge, file);
        Assert.Equal(pagesV2 ? PageType.DataPageV2 : PageType.DataPage, type);
        Assert.Equal(2 * WithNulls(Enumerable.Range(0, PageRows), nullEvery).Length, count);
    }

    [Fact]
    public async Task Entries_in_another_order_are_looked_up()
    {
        int[] order = [.. Enumerable.Range(0, 2 * PageRows)];
        (order[^1], order[^2]) = (order[^2], order[^1]);
        CraftedMerge merge = await FilesAsync(required: true, 0, checksums: true, order);
        (ParquetFileReader file, _) = await merge.MergeAsync(Options());
        Assert.Equal(PageRows, (await LastButOneAsync(merge, file)).Count);
    }

    [Fact]
    public async Task Entries_that_are_more_than_the_values_do_not_become_values()
    {
        CraftedMerge merge = await FilesAsync(required: true, 0, checksums: true, Enumerable.Range(0, (2 * PageRows) - 1));
        await merge.MergeAsync(Options());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(4_000)]
    [InlineData(100_000)]
    public void A_frame_stands_behind_other_bytes(int length)
    {
        var random = new Random(length);
        foreach (int level in (int[])[1, 3, 9, 19])
        {
            foreach (int distinct in (int[])[1, 3, 256])
            {
                byte[] first = [.. Enumerable.Range(0, random.Next(1, 5_000)).Select(_ => (byte)random.Next(distinct))];
                byte[] content = [.. Enumerable.Range(0, length * 3).Select(i => i < length ? (byte)random.Next(distinct) : (byte)(i * i >> 3))];
                byte[] frame = Packed(content, level);
                Assert.True(ZstdFrame.CanFollow(frame, content.Length));
                byte[] target = new byte[ZstdFrame.PrependBound(first.Length, frame.Length)];
                int written = ZstdFrame.Prepend(first, frame, content.Length, target);
                byte[] found = new byte[first.Length + content.Length];
                Zstd.Decompress(target.AsSpan(0, written), found);
                Assert.Equal([.. first, .. content], found);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_791)]
    [InlineData(65_792)]
    [InlineData(1 << 17)]
    [InlineData((1 << 17) + 1)]
    [InlineData(1_000_000)]
    public void Bytes_are_stored_in_a_frame_that_libzstd_reads(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        byte[] frame = new byte[Zstd.Bound(length)];
        int written = ZstdFrame.Store(content, frame);
        byte[] found = new byte[length];
        Zstd.Decompress(frame.AsSpan(0, written), found);
        Assert.Equal(content, found);
    }

    [Theory]
    [InlineData(TypeKind.Int)]
    [InlineData(TypeKind.Long)]
    [InlineData(TypeKind.Double)]
    [InlineData(TypeKind.String)]
    public async Task Many_dictionaries_become_one(TypeKind kind)
    {
        var schema = new Schema(new Field("x", kind));
        var merge = new CraftedMerge(Stop);
        var random = new Random(11);
        for (int f = 0; f < 12; f++)
        {
            using var values = new ColumnBuilder(kind);
            int distinct = random.Next(1, 6_000);
            for (int i = 0; i < 40_000; i++)
            {
                int value = random.Next(distinct) * 7919;
                switch (kind)
                {
                    case TypeKind.Int:
                        values.Append(value);
                        break;
                    case TypeKind.Long:
                        values.Append(BitConverter.DoubleToInt64Bits(value / 100.0));
                        break;
                    case TypeKind.Double:
                        values.Append(value / (f < 9 ? 100.0 : 3.0));
                        break;
                    default:
                        values.Append(System.Text.Encoding.ASCII.GetBytes(new string('v', value % 23) + value));
                        break;
                }
            }

            using ColumnVector vector = values.Finish();
            await merge.AddAsync(schema, new ParquetWriterOptions { PagesV2 = f % 3 == 0 }, [vector]);
        }

        (ParquetFileReader file, _) = await merge.MergeAsync();
        Assert.DoesNotContain(
            file.MetaData.RowGroups.SelectMany(static g => g.Columns).SelectMany(static c => c.MetaData.EncodingStats),
            static e => e is { PageType: not PageType.DictionaryPage, Encoding: ParquetEncoding.Plain });
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(-1, 0, true)]
    [InlineData(-1, 3, false)]
    [InlineData(3, 3, false)]
    [InlineData(1, 0, true)]
    public void Texts_are_not_unpacked_where_their_sizes_are_known(int wrong, int behind, bool isExact)
    {
        string[] texts = [.. Enumerable.Range(0, 500).Select(static i => new string('t', i % 7) + i)];
        byte[] plain = [.. texts.SelectMany(static t => BitConverter.GetBytes(t.Length).Concat(System.Text.Encoding.ASCII.GetBytes(t))), .. new byte[behind]];
        byte[] frame = Packed(plain, 1);
        var header = new PageHeader
        {
            Type = PageType.DictionaryPage,
            NumValues = texts.Length,
            Encoding = ParquetEncoding.Plain,
            UncompressedPageSize = plain.Length,
            CompressedPageSize = frame.Length,
        };
        Leaf leaf = MergeColumn.Canonical(new Field("x", TypeKind.String)).Leaves[0].Leaf;
        ChunkPiece Piece(int crc) => new()
        {
            Leaf = leaf,
            Codec = CompressionCodec.Zstd,
            Dictionary = new PiecePage(0, 0, header with { Crc = crc }, 0),
            DictionaryBytes = frame,
            Bytes = default,
            Pages = [],
            RowCount = texts.Length,
            ValueCount = texts.Length,
        };
        int sum = (int)Crc32.Append(0, frame);
        long bytes = wrong < 0 ? -1 : texts.Sum(static t => t.Length) + wrong;
        using var found = new PlainDictionary(Piece(sum), leaf.Type);
        Assert.Equal(isExact || wrong == behind, found.IsExact(bytes));
        using var target = new PooledBuffer();
        found.Append([499, 0, 7], target);
        Assert.Equal("\u0005\0\0\0tt499\u0001\0\0\0" + "0\u0001\0\0\0" + "7", System.Text.Encoding.ASCII.GetString(target.Written));
        Assert.Throws<ParquetFormatException>(() =>
        {
            using var damaged = new PlainDictionary(Piece(sum + 1), leaf.Type);
            damaged.IsExact(bytes);
        });
    }

    [Fact]
    public void A_frame_that_is_damaged_or_has_more_than_blocks_cannot_follow()
    {
        byte[] content = new byte[70_000];
        new Random(3).NextBytes(content);
        byte[] frame = Packed(content, 1);
        Assert.True(ZstdFrame.CanFollow(frame, content.Length));
        Assert.False(ZstdFrame.CanFollow(frame, content.Length + 1));
        Assert.False(ZstdFrame.CanFollow([.. frame, 0], content.Length));
        Assert.False(ZstdFrame.CanFollow([.. frame, .. frame], content.Length));
        for (int length = 0; length < frame.Length; length = (length * 5 / 4) + 1)
        {
            Assert.False(ZstdFrame.CanFollow(frame.AsSpan(0, length), content.Length));
        }

        foreach (int bits in (int[])[1 << 2, 1, 2, 3])
        {
            byte[] other = [.. frame];
            other[4] |= (byte)bits;
            Assert.False(ZstdFrame.CanFollow(other, content.Length));
        }
    }

    private static byte[] Packed(byte[] content, int level)
    {
        byte[] packed = new byte[Zstd.Bound(content.Length)];
        return packed[..Zstd.Compress(content, packed, level)];
    }

    /// <summary>
    /// Two files that left their dictionaries, so that the second one's has to stand for itself. Nulls are beside the values of the pages.
    /// </summary>
    private static async Task<CraftedMerge> FilesAsync(bool required, int nullEvery, bool checksums, IEnumerable<int> order)
    {
        var merge = new CraftedMerge(Stop);
        for (int f = 0; f < 2; f++)
        {
            int[] entries = [.. Enumerable.Range(0, 2 * PageRows).Select(i => (i * 7919) + f)];
            int?[][] pages = [.. order.Chunk(PageRows).Select(c => WithNulls(c, nullEvery))];
            await merge.AddAsync(new CraftedFile(required, checksums, zstd: true)
                .Dictionary(entries).Indexes(14, pages[0]).Indexes(14, pages[1]).Plain(MergedPagesTests.Values(PageRows, 5)));
        }

        return merge;
    }

    private static int?[] WithNulls(IEnumerable<int> values, int every) =>
        [.. values.SelectMany((v, i) => every > 0 && i % every == 0 ? new int?[] { null, v } : [v])];

    /// <summary>Values that are put together one by one are never so many in a page as a dictionary has.</summary>
    private static MergeOptions Options(bool pagesV2 = false) =>
        new() { KeepsOrder = true, Writer = new ParquetWriterOptions { PagesV2 = pagesV2, PageRowCount = PageRows } };

    /// <summary>The page before that of the values which were PLAIN before.</summary>
    private static async Task<(PageType Type, int Count)> LastButOneAsync(CraftedMerge merge, ParquetFileReader file)
    {
        PageHeader page = (await merge.PagesAsync(file, 0, 0))[^2].Header;
        return (page.Type, page.NumValues);
    }
}
