using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Service;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class DeadLetterLimitTests
{
    private readonly PipelineBench _bench = new();
    private readonly TopicPartition _p0 = new("trips", 0);
    private readonly TopicPartition _p1 = new("trips", 1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("5%", 999, 999, 1, false)]
    [InlineData("5%", 1000, 50, 1, false)]
    [InlineData("5%", 1000, 51, 1, true)]
    [InlineData("0%", 1000, 0, 1, false)]
    [InlineData("0%", 1000, 1, 1, true)]
    [InlineData("0.5%", 2000, 11, 1, true)]
    [InlineData("100/s", 1_000_000, 1000, 1, false)]
    [InlineData("100/s", 1001, 1001, 1, true)]
    [InlineData("100/s", 5000, 1999, 20, false)]
    [InlineData("6/m", 2, 1, 1, false)]
    [InlineData("6/m", 2, 2, 1, true)]
    [InlineData("3600/h", 20, 10, 1, false)]
    public void A_pipeline_stops_above_its_limit_once_there_is_enough_to_judge(
        string limit, long read, long deadLettered, int seconds, bool stops)
    {
        Assert.True(DeadLetterLimit.TryParse(limit, out DeadLetterLimit? parsed));
        Assert.Equal(stops, parsed.WhyStop(read, deadLettered, TimeSpan.FromSeconds(seconds)) is not null);
    }

    [Theory]
    [InlineData("100%")]
    [InlineData("5")]
    [InlineData("5/d")]
    [InlineData("0/s")]
    [InlineData("-1%")]
    [InlineData("many")]
    public void What_is_no_limit_is_refused_at_its_place(string limit)
    {
        var e = Assert.Throws<PipelineDefinitionException>(() => PipelineBench.Parse(With(limit)));
        Assert.Contains("'stop_above'", e.Message);
        Assert.Contains("trips.yaml:12", e.Message);
    }

    [Fact]
    public async Task A_pipeline_above_its_limit_stops_with_good_and_bad_records_committed_and_goes_on_after_them()
    {
        _bench.Log.CreateTopic("trips", 2);
        for (int round = 0; round < 100; round++)
        {
            _bench.Produce(_p0, 90);
            for (int bad = 0; bad < 10; bad++)
            {
                _bench.Produce(_p0, "{\"id\":\"x\",\"fare\":\"much\"}");
            }
        }

        _bench.Produce(_p1, 50);
        var e = await Assert.ThrowsAsync<DeadLetterLimitException>(() => _bench.RunAsync(With("5%"), Cancellation));
        Assert.Contains("more than stop_above: 5%", e.Message);
        Assert.Equal(3, Failure.Of(e).ExitCode);

        Ledger ledger = await _bench.LedgerAsync("lake/trips");
        long end = ledger.Entries.Single(entry => entry.Key.Partition == 0).Value.EndOffset;
        Assert.InRange(end, DeadLetterLimit.Share.SampleMin, 10_000);
        Assert.Equal(
            Enumerable.Range(0, (int)end).Where(o => o % 100 >= 90).Select(o => (0, (long)o)), await _bench.OriginsAsync("lake/dead"));
        await _bench.RunAsync(With("50%"), Cancellation);
        Assert.Equal(_bench.Expected(2, json => !json.Contains("much") && !json.Contains("\"fare\":-")), await _bench.OriginsAsync("lake/trips"));
        Assert.Equal(1000, (await _bench.OriginsAsync("lake/dead")).Count);
    }

    [Fact]
    public async Task One_early_bad_record_stops_nothing()
    {
        _bench.Log.CreateTopic("trips", 1);
        _bench.Produce(_p0, "{\"id\":");
        _bench.Produce(_p0, 500);
        await _bench.RunAsync(With("0.1%"), Cancellation);
        Assert.Single(await _bench.OriginsAsync("lake/dead"));
        Assert.Equal(_bench.Expected(1), await _bench.OriginsAsync("lake/trips"));
    }

    [Fact]
    public async Task Dead_letters_are_grouped_by_cause_with_first_last_and_an_example()
    {
        _bench.Log.CreateTopic("trips", 1);
        foreach (string? value in (string?[])["{\"id\":\"a\",\"fare\":\"much\"}", null, "{\"fare\":1}", "{\"id\":\"long\",\"fare\":\"more\"}"])
        {
            _bench.Produce(_p0, value);
        }

        await _bench.RunAsync(PipelineBench.Trips, Cancellation);
        HudiTable dead = await _bench.OpenAsync("lake/dead") ?? throw new InvalidOperationException("No dead letters.");
        IReadOnlyList<DeadLetterCause> causes = await DeadLetterCauses.ReadAsync(dead, Cancellation);
        Assert.Equal([("WrongType", "fare", 2L, 0L, 3L), ("Tombstone", null, 1L, 1L, 1L), ("MissingRequiredField", "id", 1L, 2L, 2L)],
            causes.Select(c => (c.Kind, c.Column, c.Count, c.First.Offset, c.Last.Offset)));
        Assert.Equal(["{\"id\":\"a\",\"fare\":\"much\"}", null, "{\"fare\":1}"], causes.Select(c => c.Example));
        Assert.DoesNotContain(causes, c => c.Reason.Contains("at byte"));
    }

    private static string With(string limit) => PipelineBench.Trips.Replace(
        "dead_letters: { path: lake/dead }", $"dead_letters: {{ path: lake/dead, stop_above: {limit} }}", StringComparison.Ordinal);
}
