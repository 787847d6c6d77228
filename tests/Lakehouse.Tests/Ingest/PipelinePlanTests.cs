using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class PipelinePlanTests
{
    private readonly PipelineBench _bench = new();
    private readonly TopicPartition _p0 = new("trips", 0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Plan_tells_what_would_be_written_and_writes_nothing()
    {
        _bench.Log.CreateTopic("trips", 2);
        _bench.Produce(_p0, 100);
        _bench.Produce(_p0, "{\"id\":");

        PipelinePlan plan = await MakeAsync(PipelineBench.Trips);

        Assert.False(plan.TableExists);
        Assert.Equal(["id", "at", "fare", "kafka_partition", "kafka_offset", "dt"], plan.Schema.Fields.Select(f => f.Name));
        Assert.Equal([new SplitLag("trips-0", 0, 101, null), new SplitLag("trips-1", 0, 0, null)], plan.Splits);
        Assert.Equal((101, 90, 10, 1), (plan.Sample.Read, plan.Sample.Written, plan.Sample.Filtered, plan.Sample.DeadLettered));
        Assert.Contains("trips-0 offset 100", plan.Sample.FirstError, StringComparison.Ordinal);
        Assert.Equal(["dt=2025-11-19", "dt=2025-11-20", "dt=2025-11-21"], plan.Sample.Partitions.Select(p => p.Key).Order());
        Assert.Empty(_bench.Log.MirroredOffsets("lake"));
        await foreach (ObjectStat written in _bench.Store("lake/trips").ListAsync(default, recursive: true, after: null, Cancellation))
        {
            Assert.Fail($"{written.Path} was written.");
        }
    }

    [Fact]
    public async Task Plan_says_where_the_table_already_stands()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 7);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        _bench.Produce(_p0, 2);

        PipelinePlan plan = await MakeAsync(PipelineBench.Trips);

        Assert.True(plan.TableExists);
        Assert.Equal(new SplitLag("trips-0", 0, 9, 7), Assert.Single(plan.Splits));
    }

    [Fact]
    public async Task Risks_are_named_before_they_bite()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, 7);
        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        _bench.Log.TrimTo(_p0, 7);
        _bench.Produce(_p0, 5);
        _bench.Log.TrimTo(_p0, 10);
        string yaml = PipelineBench.Trips
            .Replace("dead_letters: { path: lake/dead }\n", "", StringComparison.Ordinal)
            .Replace("kafka_columns: [partition", "record_key: [id], kafka_columns: [topic, partition", StringComparison.Ordinal);

        PipelinePlan plan = await MakeAsync(yaml);

        Assert.Contains(plan.Risks, r => r.Contains("does not make rows unique", StringComparison.Ordinal));
        Assert.Contains(plan.Risks, r => r.Contains("other columns", StringComparison.Ordinal));
        Assert.Contains(plan.Risks, r => r.Contains("the table ends at offset 7", StringComparison.Ordinal));
        Assert.Contains(plan.Risks, r => r.Contains("first bad record stops", StringComparison.Ordinal));
    }

    [Fact]
    public void Shipped_pipeline_is_valid()
    {
        PipelineDefinition trips = PipelineDefinition.Load(
            Path.Combine(Surroundings.RepositoryRoot, "config", "pipelines", "trips.yaml"), _ => null);

        Assert.Equal(13, trips.Schema.Count);
        Assert.Equal(["dt"], trips.Table.PartitionBy);
        Assert.Equal("dt", trips.Schemas.Table.Fields[^1].Name);
    }

    [Fact]
    public void Shipped_pipeline_with_a_route_is_valid()
    {
        PipelineDefinition trips = PipelineDefinition.Load(
            Path.Combine(Surroundings.RepositoryRoot, "config", "pipelines", "trips_by_city.yaml"), _ => null);

        Assert.Equal("lake/trips_lyon", Assert.Single(trips.Routes).Table.Path);
        Assert.Equal(trips.Table.KafkaColumns, trips.Routes[0].Table.KafkaColumns);
    }

    private Task<PipelinePlan> MakeAsync(string yaml) =>
        PipelinePlan.MakeAsync(PipelineBench.Parse(yaml), _bench.World(), 1000, Cancellation);
}
