using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class RangePlanTests
{
    [Fact]
    public void Neighbours_become_one_read_and_what_is_far_away_or_too_much_does_not()
    {
        List<CoalescedRead> reads = RangePlan.Make(
        [
            Range(1000, 10), Range(0, 100), Range(400_000, 5), Range(400_005, RangePlan.ReadBytesMax), Range(1020, 30),
        ]);
        Assert.Equal([(0, 1050), (400_000, 5), (400_005, RangePlan.ReadBytesMax)], reads.Select(r => (r.Offset, r.Length)));
        Assert.Equal([3, 1, 1], reads.Select(r => r.Ranges.Count));
        Assert.Empty(RangePlan.Make([]));
    }

    [Fact]
    public void Every_range_lies_in_exactly_one_read()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 500; round++)
        {
            ReadRange[] ranges = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => Range(random.Next(30_000_000), random.Next(1, 3_000_000)))];
            List<CoalescedRead> reads = RangePlan.Make(ranges);
            Assert.True(reads.Sum(r => r.Ranges.Count) == ranges.Length, $"seed {seed}, round {round}");
            Assert.All(reads, read => Assert.All(read.Ranges, range => Assert.True(
                range.Offset >= read.Offset && range.Offset + range.Destination.Length <= read.Offset + read.Length,
                $"seed {seed}, round {round}")));
            Assert.All(reads, read => Assert.True(read.Length <= RangePlan.ReadBytesMax, $"seed {seed}, round {round}"));
        }
    }

    private static ReadRange Range(long offset, int length) => new(offset, new byte[length]);
}
