using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class RoutesTests
{
    private const string Routes = """

        routes:
          - { where: "fare >= 5", table: { path: lake/dear, partition_by: [dt] } }
          - { where: "fare >= 3 and kafka_offset <> 4", table: { path: lake/fair } }
        """;

    private readonly PipelineBench _bench = new();
    private readonly TopicPartition _p0 = new("trips", 0);
    private readonly TopicPartition _p1 = new("trips", 1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_row_goes_to_the_first_route_whose_condition_is_true_and_to_the_first_table_otherwise()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(_p0, 500);
        _bench.Produce(_p1, 30);
        _bench.Produce(_p1, "{\"id\":");

        await _bench.RunAsync(PipelineBench.Trips + Routes, Cancellation);

        List<(int Partition, long Offset)> all = _bench.Expected(2);
        Assert.Equal(all.Where(r => r.Offset >= 5), await _bench.OriginsAsync("lake/dear")); // the fare is the offset and a half
        Assert.Equal(all.Where(r => r.Offset == 3), await _bench.OriginsAsync("lake/fair"));
        Assert.Equal(all.Where(r => r.Offset is < 3 or 4), await _bench.OriginsAsync("lake/trips"));
        Assert.Equal([(1, 30L)], await _bench.OriginsAsync("lake/dead"));
        Assert.Contains((await _bench.SnapshotAsync("lake/dear")).FileSlices, f => f.PartitionPath == "dt=2025-11-19");
        Assert.All((await _bench.SnapshotAsync("lake/fair")).FileSlices, f => Assert.Equal("", f.PartitionPath));
    }

    [Fact]
    public async Task Every_commit_says_how_many_rows_went_to_routes()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 20);
        await _bench.RunAsync(PipelineBench.Trips + Routes, Cancellation);

        OffsetRange[] ranges = [.. (await _bench.SnapshotAsync("lake/trips")).Timeline.SelectMany(i => i.Metadata.Ranges)];

        Assert.Equal((20, 4, 14, 2), (ranges.Sum(r => r.Read), ranges.Sum(r => r.Written), ranges.Sum(r => r.Routed), ranges.Sum(r => r.Filtered)));
    }

    [Fact]
    public async Task A_topic_whose_rows_all_go_to_a_route_moves_the_first_tables_ledger()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 5);
        const string everything = "\nroutes: [ { where: \"kafka_offset >= 0\", table: { path: lake/all } } ]";

        await _bench.RunAsync(PipelineBench.Trips + everything, Cancellation);
        JobProgress again = await _bench.RunAsync(PipelineBench.Trips + everything, Cancellation);

        Assert.Equal(0, again.RecordsRead);
        Assert.Equal(_bench.Expected(1), await _bench.OriginsAsync("lake/all"));
        Assert.Empty(await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task A_row_for_which_a_condition_is_unknown_stays_in_the_first_table()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, "{\"id\":\"x\",\"fare\":9}");

        await _bench.RunAsync(
            PipelineBench.Trips + "\nroutes: [ { where: \"at < cast('2030-01-01' as timestamp_millis)\", table: { path: lake/old } } ]", Cancellation);

        Assert.Equal([(0, 0L)], await _bench.OriginsAsync("lake/trips"));
        Assert.Empty(await _bench.OriginsAsync("lake/old"));
    }

    [Fact]
    public async Task Plan_shows_the_routes_and_how_many_sampled_rows_go_where()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 20);

        PipelinePlan plan = await PipelinePlan.MakeAsync(
            PipelineBench.Parse(PipelineBench.Trips + Routes), _bench.World(), 1000, Cancellation);

        Assert.Equal(
            [new PlannedRoute("fare >= 5", "lake/dear", false, 13), new PlannedRoute("fare >= 3 and kafka_offset <> 4", "lake/fair", false, 1)],
            plan.Routes);
        Assert.Equal((20, 4, 2), (plan.Sample.Read, plan.Sample.Written, plan.Sample.Filtered));
    }

    [Theory]
    [InlineData("[ ]", "at least one { where: ..., table: { path: ... } }")]
    [InlineData("[ { where: \"fare\", table: { path: lake/x } } ]", "A route's 'where' is a condition; 'fare' is double")]
    [InlineData("[ { where: \"fair > 1\", table: { path: lake/x } } ]", "'fair'")]
    [InlineData("[ { where: \"fare > 1\", table: { path: lake/x, partition_by: [day] } } ]", "'partition_by' names the column 'day'")]
    [InlineData("[ { where: \"fare > 1\", table: { path: lake/x, kafka_columns: [key] } } ]", "leave 'kafka_columns' out")]
    [InlineData("[ { where: \"fare > 1\", table: { path: lake/x } }, { where: \"fare > 0\", table: { path: ./lake/x/ } } ]",
        "'./lake/x/' of a route is the path of a route.")]
    [InlineData("[ { where: \"fare > 1\", table: { path: lake/trips } } ]", "'lake/trips' of a route is the path of table.")]
    [InlineData("[ { where: \"fare > 1\", table: { path: lake/trips/dear } } ]",
        "'lake/trips/dear' of a route and the path of table, 'lake/trips', lie one in the other.")]
    [InlineData("[ { where: \"fare > 1\", table: { path: lake/dead } } ]", "'lake/dead' of dead_letters is the path of a route.")]
    [InlineData("[ { when: \"fare > 1\", table: { path: lake/x } } ]", "no key 'when'. Did you mean 'where'?")]
    [InlineData("[ { where: \"fare > 1\" } ]", "A route needs 'table'.")]
    [InlineData("[ { where: \"fare > 1\", table: { path: lake/x }, to: y } ]", "A route has no key 'to'")]
    public void A_mistake_in_routes_is_named(string routes, string says)
    {
        var error = Assert.Throws<PipelineDefinitionException>(() => PipelineBench.Parse(PipelineBench.Trips + "\nroutes: " + routes));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_are_divided_as_one_by_one()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        var schema = new Schema(new Field("a", TypeKind.Int));
        BoundExpression[] conditions = [.. new[] { "a > 3", "a % 2 = 0", "a < 0" }.Select(text => Expression.Parse(text).Bind(schema))];
        var router = new RowRouter(conditions);
        for (int round = 0; round < 50; round++)
        {
            int?[] values = [.. Enumerable.Range(0, random.Next(1, 70)).Select(_ => random.Next(5) == 0 ? (int?)null : random.Next(-3, 7))];
            using RecordBatch batch = Batch(schema, values);
            router.Divide(batch);
            ILookup<int, int?> expected = values.ToLookup(static v => v > 3 ? 1 : v % 2 == 0 ? 2 : v < 0 ? 3 : 0);
            for (int target = 0; target <= conditions.Length; target++)
            {
                Assert.True(expected[target].Count() == router.Counts[target], $"seed {seed}");
                using RecordBatch rows = router.Take(batch, target);
                Assert.True(expected[target].SequenceEqual(Enumerable.Range(0, rows.RowCount).Select(i => Value(rows, i))), $"seed {seed}");
            }
        }
    }

    private static RecordBatch Batch(Schema schema, int?[] values)
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        foreach (int? value in values)
        {
            if (value is { } number)
            {
                builder.Append(number);
            }
            else
            {
                builder.AppendNull();
            }
        }

        return new RecordBatch(schema, [builder.Finish()], values.Length);
    }

    private static int? Value(RecordBatch rows, int i) => rows.Columns[0].IsValid(i) ? rows.Columns[0].Values<int>()[i] : null;
}
