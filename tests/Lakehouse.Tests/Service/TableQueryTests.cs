using Lakehouse.Ingest;
using Lakehouse.Service;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class TableQueryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("fare > 60", 60, double.MaxValue)]
    [InlineData("fare >= 10 AND fare < 20", 10, 20)]
    [InlineData("20 > fare", double.MinValue, 20)]
    public async Task Rows_that_match_are_those_of_linq(string where, double from, double before)
    {
        TripTable trips = await MakeAsync();
        QueryResult result = await TableQuery.RunAsync(trips.Table, new QueryRequest
        {
            Select = ["kafka_partition", "kafka_offset", "fare"],
            Where = where,
            Limit = int.MaxValue,
        }, Stop);
        bool above = where.Contains("fare > 60");
        var expected = trips.Rows.Where(r => r.Fare is { } f && (above ? f > from : f >= from) && f < before)
            .Select(r => ((long)r.Partition, r.Offset)).Order();
        Assert.Equal(expected, result.Rows.Select(r => ((long)r[0]!, (long)r[1]!)).Order());
        Assert.NotEmpty(result.Rows);
        Assert.False(result.HasMore);
    }

    [Fact]
    public async Task Row_groups_that_cannot_match_are_not_read()
    {
        TripTable trips = await MakeAsync();
        QueryResult result = await TableQuery.RunAsync(trips.Table, new QueryRequest
        {
            Where = "kafka_offset BETWEEN 210 AND 215 AND dt = '2026-01-02'",
            Limit = 100,
        }, Stop);
        Assert.Equal([211L, 213L, 215L, 211L, 213L, 215L], result.Rows.Select(r => (long)r[4]!));
        Assert.Equal((1, 5), (result.RowGroupsRead, result.RowGroupsSkipped));
        Assert.Equal(["city", "fare", "dt", "kafka_partition", "kafka_offset"], result.Columns);
    }

    [Fact]
    public async Task Groups_over_filtered_rows_are_those_of_linq()
    {
        TripTable trips = await MakeAsync();
        QueryResult result = await TableQuery.RunAsync(trips.Table, new QueryRequest
        {
            Where = "dt = '2026-01-01'",
            GroupBy = ["city"],
            Aggregates = AggregateCall.ParseList("count(*), sum(fare), max(kafka_offset)"),
            Limit = 100,
        }, Stop);
        var expected = trips.Rows.Where(r => r.Day == "2026-01-01").GroupBy(r => r.City).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => (g.Key, (long)g.Count(), g.Sum(r => r.Fare ?? 0), g.Max(r => r.Offset))).ToList();
        Assert.Equal(expected, result.Rows.Select(r => ((string)r[0]!, (long)r[1]!, (double)r[2]!, (long)r[3]!)));
    }

    [Fact]
    public async Task Counting_everything_needs_no_column()
    {
        TripTable trips = await MakeAsync();
        QueryResult result = await TableQuery.RunAsync(
            trips.Table, new QueryRequest { Aggregates = AggregateCall.ParseList("count(*)") }, Stop);
        Assert.Equal([(long)trips.Rows.Count], Assert.Single(result.Rows));
    }

    [Fact]
    public async Task The_limit_stops_and_says_that_there_is_more()
    {
        TripTable trips = await MakeAsync();
        QueryResult result = await TableQuery.RunAsync(trips.Table, new QueryRequest { Limit = 7 }, Stop);
        Assert.Equal(7, result.Rows.Length);
        Assert.True(result.HasMore);
    }

    [Fact]
    public async Task Unknown_columns_are_refused_before_anything_is_read()
    {
        TripTable trips = await MakeAsync();
        CommandFailedException e = await Assert.ThrowsAsync<CommandFailedException>(
            () => TableQuery.RunAsync(trips.Table, new QueryRequest { Select = ["fair"] }, Stop));
        Assert.Contains("did you mean 'fare'?", e.Message);
        await Assert.ThrowsAsync<ExpressionException>(
            () => TableQuery.RunAsync(trips.Table, new QueryRequest { Where = "fair > 1" }, Stop));
        await Assert.ThrowsAsync<CommandFailedException>(
            () => TableQuery.RunAsync(trips.Table, new QueryRequest { Where = "fare + 1" }, Stop));
    }

    private static Task<TripTable> MakeAsync() =>
        TripTable.CreateAsync(new MemoryObjectStore("table", TimeProvider.System), 3, Stop);
}
