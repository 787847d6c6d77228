using Lakehouse.Compaction;
using Lakehouse.Ingest;
using Lakehouse.Parquet;
using Lakehouse.Service;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class CompactionSettingsTests : IDisposable
{
    private const string Pipeline = """
        pipeline: trips
        source: { kafka: { bootstrap_servers: "localhost:9092", topics: [trips], group: lake } }
        schema: [{ name: trip_id, type: string }]
        table: { path: "/lake/trips", parquet: { compression: snappy } }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_that_a_pipelines_file_says_reaches_the_compaction()
    {
        CompactionSettings settings = CompactionSettings.Of(Load("""
            compaction: { schedule: "0 0 * * * ?", small_files: 500, small_bytes: 4GiB, look_every: 30s, pause_above_lag: 7, clean_after: 36h,
                          target_file_size: 512MiB, row_group_size: 256MiB, min_inputs: 5, max_inputs: 200, min_age: 5m, quiet_for: 1h,
                          keep_order: false, io_limit: 50MiB, concurrency: 3, memory: 1GiB }
            """));
        Assert.Equal(
            new CompactionPolicy
            {
                TargetFileBytes = 512L << 20,
                RowGroupBytes = 256L << 20,
                InputsMin = 5,
                InputsMax = 200,
                FileAgeMin = TimeSpan.FromMinutes(5),
                QuietFor = TimeSpan.FromHours(1),
                KeepsOrder = false,
                IoBytesPerSecond = 50L << 20,
                Concurrency = 3,
                MemoryBytes = 1L << 30,
                Parquet = settings.Policy.Parquet,
            },
            settings.Policy);
        Assert.Equal(CompressionCodec.Snappy, settings.Policy.Parquet!.Codec);
        Assert.Equal(
            new CompactionTriggers
            {
                Cron = "0 0 * * * ?",
                SmallFiles = 500,
                SmallBytes = 4L << 30,
                LookEvery = TimeSpan.FromSeconds(30),
                LagMax = 7,
                CleanAfterHours = 36,
            },
            settings.Triggers);
    }

    [Fact]
    public void What_it_does_not_say_has_the_documented_defaults()
    {
        CompactionSettings settings = CompactionSettings.Of(Load("compaction: { small_files: 9, clean_after: never }"));
        Assert.Equal(new CompactionPolicy { Parquet = settings.Policy.Parquet }, settings.Policy);
        Assert.Equal(new CompactionTriggers { SmallFiles = 9, CleanAfterHours = null }, settings.Triggers);
        Assert.Equal(24, CompactionSettings.Of(Load("compaction: { small_files: 9 }")).Triggers.CleanAfterHours);
    }

    [Fact]
    public void A_wrong_cron_expression_is_reported_where_it_stands()
    {
        var error = Assert.Throws<PipelineDefinitionException>(() => Load("compaction: { schedule: \"0/10 * * * *\" }"));
        Assert.Equal((5, 25), (error.Location.Line, error.Location.Column));
        Assert.Contains("is no cron expression of Quartz", error.Message);
    }

    private PipelineDefinition Load(string compaction)
    {
        File.WriteAllText(_folder["trips.yaml"], Pipeline + "\n" + compaction);
        return PipelineFiles.Load(_folder["trips.yaml"]);
    }
}
