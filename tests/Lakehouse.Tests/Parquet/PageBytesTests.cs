using Lakehouse.Parquet;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class PageBytesTests(ITestOutputHelper output)
{
    [Fact]
    public void Pages_come_back_one_by_one_in_pieces_and_as_one()
    {
        var random = new Random(Seeds.Pick(output));
        for (int round = 0; round < 20; round++)
        {
            using var pages = new PageBytes();
            var all = new List<byte>();
            var index = new List<EncodedPage>();
            int count = random.Next(200);
            for (int p = 0; p < count; p++)
            {
                byte[] page = new byte[random.Next(random.Next(10) == 0 ? 200_000 : 5_000)];
                random.NextBytes(page);
                index.Add(new EncodedPage { Offset = pages.Length, ByteCount = page.Length });
                PooledBuffer room = pages.RoomFor(page.Length + random.Next(1_000));
                room.Append(page);
                all.AddRange(page);
                Assert.Equal(all.Count, pages.Length);
            }

            AssertAllThere(pages, index, all);
            Assert.True(all.SequenceEqual(pages.Join().ToArray()));
            AssertAllThere(pages, index, all);
            pages.RoomFor(10).Append([1, 2, 3]);
            Assert.Equal(all.Count + 3, pages.Length);
        }
    }

    private static void AssertAllThere(PageBytes pages, List<EncodedPage> index, List<byte> all)
    {
        foreach (EncodedPage page in index)
        {
            Assert.True(pages.Page(page).SequenceEqual(all.Slice((int)page.Offset, page.ByteCount).ToArray()));
        }

        Assert.True(all.SequenceEqual(pages.Pieces.SelectMany(static piece => piece.ToArray())));
    }
}
