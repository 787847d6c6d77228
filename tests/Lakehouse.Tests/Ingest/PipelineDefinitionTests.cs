using Lakehouse.Columns;
using Lakehouse.Ingest;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class PipelineDefinitionTests
{
    private const string Minimal = """
        pipeline: trips
        source:
          kafka: { bootstrap_servers: "localhost:9092", topics: [trips], group: lake }
        schema:
          - { name: trip_id, type: string, required: true }
          - { name: event_time, type: timestamp_millis }
          - { name: fare, type: double }
        table: { path: "/lake/trips" }
        """;

    [Fact]
    public void Minimal_pipeline_takes_the_defaults()
    {
        PipelineDefinition pipeline = Parse(Minimal);

        Assert.Equal("trips", pipeline.Name);
        Assert.IsType<StartPosition.Earliest>(pipeline.Source.Start);
        Assert.Equal(OnDataLoss.Fail, pipeline.Source.OnDataLoss);
        Assert.Equal(TimeSpan.FromSeconds(30), pipeline.Checkpoint.Interval);
        Assert.Equal(5, pipeline.Checkpoint.Retain);
        Assert.Null(pipeline.DeadLettersPath);
        Assert.Null(pipeline.Parallelism);
        Assert.Equal(
            new Schema(new Field("trip_id", TypeKind.String, true), new Field("event_time", TypeKind.TimestampMillis),
                new Field("fare", TypeKind.Double)),
            pipeline.Schema);
    }

    [Fact]
    public void Columns_nest_as_deep_as_they_are_written()
    {
        PipelineDefinition pipeline = Parse(Minimal.Replace("  - { name: fare, type: double }", """
              - { name: tags, type: list, items: string }
              - { name: attributes, type: map, values: long, required: true }
              - name: page
                type: struct
                fields:
                  - { name: url, type: string, required: true }
                  - { name: links, type: list, items: { type: struct, required: true, fields: [{ name: to, type: "decimal(9,2)" }] } }
            """, StringComparison.Ordinal));

        Assert.Equal(
            [
                new Field("tags", ColumnType.List(TypeKind.String)),
                new Field("attributes", ColumnType.Map(TypeKind.String, TypeKind.Long), Required: true),
                new Field("page", ColumnType.Struct(
                    new Field("url", TypeKind.String, Required: true),
                    new Field("links", ColumnType.List(ColumnType.Struct(new Field("to", ColumnType.Decimal(9, 2))), required: true)))),
            ],
            pipeline.Schema.Fields.Skip(2));
    }

    [Theory]
    [InlineData("partition_by: [tags]")]
    [InlineData("record_key: [tags]")]
    public void A_table_is_laid_out_by_plain_columns(string key)
    {
        var error = Assert.Throws<PipelineDefinitionException>(() => Parse(Minimal
            .Replace("{ name: fare, type: double }", "{ name: tags, type: list, items: string }", StringComparison.Ordinal)
            .Replace("/lake/trips\"", $"/lake/trips\", {key}", StringComparison.Ordinal)));
        Assert.Contains("list<string>", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_of_the_file_is_read()
    {
        PipelineDefinition pipeline = Parse("""
            pipeline: trips
            source:
              kafka:
                bootstrap_servers: a:1,b:2
                topics: [trips, rides]
                group: lake
                start: 2026-01-01T00:00:00Z
                on_data_loss: earliest
                properties: { security.protocol: ssl }
            format: { json: { unknown_fields: ignore, max_record_size: 1MiB } }
            schema:
              - { name: amount, type: "decimal(10,2)" }
              - { name: at, type: timestamp_micros }
            event_time: { column: at }
            table:
              path: /lake/trips
              partition_by: [kafka_partition]
              record_key: [amount]
              kafka_columns: [partition, key]
              max_file_size: 64MiB
              parquet: { compression: gzip, level: 9, encodings: [delta, byte_stream_split], page_version: 2, bloom_filters: [amount] }
            dead_letters: { path: /lake/dead }
            checkpoint: { interval: 1.5s, storage: /lake/checkpoints, retain: 2 }
            memory: { budget: 1GiB }
            s3: { endpoint: "http://localhost:9000", region: r1, path_style: false, encryption: kms, kms_key: k1 }
            parallelism: 3
            """);

        Assert.Equal(["trips", "rides"], pipeline.Source.Topics);
        Assert.Equal(new StartPosition.At(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), pipeline.Source.Start);
        Assert.Equal(OnDataLoss.Earliest, pipeline.Source.OnDataLoss);
        Assert.Equal("ssl", pipeline.Source.Properties["security.protocol"]);
        Assert.Equal(1 << 20, pipeline.Json.RecordBytesMax);
        Assert.Equal("at", pipeline.EventTimeColumn);
        Assert.Equal([KafkaColumn.Partition, KafkaColumn.Key], pipeline.Table.KafkaColumns);
        Assert.Equal(64 << 20, pipeline.Table.FileBytesMax);
        Assert.Equal(
            new ParquetWriterOptions
            {
                Codec = CompressionCodec.Gzip, CompressionLevel = 9, Encodings = FurtherEncodings.Delta | FurtherEncodings.ByteStreamSplit,
                PagesV2 = true, BloomFilters = pipeline.Table.Parquet.BloomFilters,
            },
            pipeline.Table.Parquet);
        Assert.Equal(["amount"], pipeline.Table.Parquet.BloomFilters);
        Assert.Equal("/lake/dead", pipeline.DeadLettersPath);
        Assert.Equal(TimeSpan.FromSeconds(1.5), pipeline.Checkpoint.Interval);
        Assert.Equal("/lake/checkpoints", pipeline.Checkpoint.Storage);
        Assert.Equal(1L << 30, pipeline.MemoryBudgetBytes);
        Assert.Equal(
            new S3Settings
            {
                Endpoint = new Uri("http://localhost:9000"), Region = "r1", PathStyle = false, Encryption = S3Encryption.Kms, KmsKeyId = "k1",
            },
            pipeline.S3);
        Assert.Equal(3, pipeline.Parallelism);
        Assert.Equal(["amount", "at", "kafka_partition", "kafka_key"], pipeline.Schemas.Table.Fields.Select(f => f.Name));
    }

    [Fact]
    public void Compaction_says_when_and_how()
    {
        Assert.Null(Parse(Minimal).Compaction);
        CompactionDefinition compaction = Parse(Minimal + "\n" + """
            compaction: { schedule: "0 0/10 * * * ?", small_files: 500, small_bytes: 4GiB, look_every: 30s, pause_above_lag: 100000, clean_after: 36h,
                          embedded: false, target_file_size: 512MiB, row_group_size: 256MiB, min_inputs: 5, max_inputs: 200, min_age: 5m, quiet_for: 1h,
                          keep_order: false, io_limit: 50MiB, concurrency: 3, memory: 1GiB }
            """).Compaction!; // It is there.
        Assert.Equal(
            new CompactionDefinition
            {
                Location = new SourceLocation("trips.yaml", 9, 25),
                IsEmbedded = false,
                Schedule = "0 0/10 * * * ?",
                SmallFiles = 500,
                SmallBytes = 4L << 30,
                LookEvery = TimeSpan.FromSeconds(30),
                PauseAboveLag = 100_000,
                CleanAfterHours = 36,
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
            },
            compaction);
        CompactionDefinition little = Parse(Minimal + "\ncompaction: { small_files: 10, clean_after: never }").Compaction!; // It is there.
        Assert.Equal((true, 0, null), (little.IsEmbedded, little.CleanAfterHours, little.KeepsOrder));
    }

    [Theory]
    [InlineData("table:", "tabel:", 8, 1, "no key 'tabel'", "'table'")]
    [InlineData("topics:", "topic:", 3, 49, "no key 'topic'", "'topics'")]
    [InlineData("type: double", "type: dubble", 7, 25, "'dubble' is no column type", "'double'")]
    [InlineData("type: double", "type: list", 7, 5, "needs 'items'", "")]
    [InlineData("type: double", "type: list, items: dubble", 7, 38, "'dubble' is no column type", "'double'")]
    [InlineData("type: double", "type: map, values: { type: struct, fields: [] }", 7, 62, "at least one field", "")]
    [InlineData("type: double", "type: struct, fields: [{ name: a, type: int }, { name: A, type: int }]", 7, 74, "Two columns", "")]
    [InlineData("type: double", "type: list, items: { type: int, need: true }", 7, 51, "no key 'need'", "")]
    [InlineData("type: double", "type: double, require: true", 7, 33, "no key 'require'", "'required'")]
    [InlineData("group: lake", "group: lake, start: earlyest", 3, 86, "'earlyest'", "'earliest'")]
    [InlineData("group: lake", "group: lake, on_data_loss: ignore", 3, 93, "fail or earliest, not 'ignore'", "")]
    [InlineData("name: fare", "name: _hoodie_fare", 7, 13, "Hudi's own", "")]
    [InlineData("name: fare", "name: 1st", 7, 13, "Avro", "")]
    [InlineData("name: fare", "name: Trip_ID", 7, 13, "Two columns", "")]
    [InlineData("/lake/trips\"", "/lake/trips\", partition_by: [fara]", 8, 45, "'fara'", "'fare'")]
    [InlineData("/lake/trips\"", "/lake/trips\", partition_by: [fare]", 8, 45, "is double", "date_format")]
    [InlineData("/lake/trips\"", "/lake/trips\", record_key: [id]", 8, 43, "'record_key' names the column 'id'", "")]
    [InlineData("/lake/trips\"", "/lake/trips\", kafka_columns: [offsets]", 8, 46, "'offsets'", "'offset'")]
    [InlineData("/lake/trips\"", "/lake/trips\", parquet: { compression: lz4 }", 8, 55, "not 'lz4'", "")]
    [InlineData("/lake/trips\"", "/lake/trips\", parquet: { compression: snappy, level: 3 }", 8, 70, "others have none", "")]
    [InlineData("/lake/trips\"", "/lake/trips\", parquet: { encodings: [deltas] }", 8, 53, "'deltas' is no encoding", "'delta'")]
    [InlineData("/lake/trips\"", "/lake/trips\", parquet: { bloom_filters: [fare] }", 8, 40, "is double", "")]
    [InlineData("/lake/trips\"", "/lake/trips\", parquet: { bloom_filters: [trip_i] }", 8, 40, "does not have", "'trip_id'")]
    [InlineData("/lake/trips\"", "/lake/trips\", parquet: { row_group_size: 1 }", 8, 58, "such as 512KiB", "")]
    [InlineData("/lake/trips\"", "/lake/${LAKE_NAME}\"", 8, 16, "LAKE_NAME, which is not set", "")]
    [InlineData("pipeline: trips", "pipeline: tri ps", 1, 11, "tri ps", "")]
    [InlineData("[trips]", "trips", 3, 57, "'topics' is a list, not the value 'trips'", "")]
    public void Mistake_is_reported_where_it_stands(string right, string wrong, int line, int column, string says, string suggests)
    {
        var error = Assert.Throws<PipelineDefinitionException>(() => Parse(Replace(Minimal, right, wrong)));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains(suggests, error.Message, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("trips.yaml", line, column), error.Location);
        Assert.StartsWith(FormattableString.Invariant($"trips.yaml:{line}:{column}: "), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("checkpoint: { interval: 5 }", "duration")]
    [InlineData("checkpoint: { interval: 1ms }", "at least 0.1 s")]
    [InlineData("checkpoint: { retain: 0 }", "from 1 to 1000")]
    [InlineData("memory: { budget: 1GB }", "such as 512KiB")]
    [InlineData("memory: { budget: 1MiB }", "at least 65536 KiB")]
    [InlineData("event_time: { column: fare }", "'fare' is double")]
    [InlineData("event_time: { column: event_tim }", "Did you mean 'event_time'?")]
    [InlineData("dead_letters: { path: /lake/trips/ }", "a folder of its own")]
    [InlineData("compaction: { min_inputs: 5 }", "needs 'schedule', 'small_files' or 'small_bytes'")]
    [InlineData("compaction: { schedule: x, target_file_size: 512MB }", "such as 512KiB")]
    [InlineData("compaction: { schedule: x, min_input: 3 }", "Did you mean 'min_inputs'?")]
    [InlineData("compaction: { small_files: 1 }", "from 2 to 1000000")]
    [InlineData("window: { }", "no key 'window'")]
    [InlineData("parallelism: many", "whole number")]
    [InlineData("s3: { endpoint: localhost }", "no endpoint")]
    [InlineData("s3: { encryption: aes265 }", "Did you mean 'aes256'?")]
    [InlineData("s3: { encryption: aes256, kms_key: k }", "goes with 'encryption: kms'")]
    [InlineData("s3: { access_key: k }", "no key 'access_key'")]
    public void Wrong_part_at_the_end_is_refused(string line, string says)
    {
        var error = Assert.Throws<PipelineDefinitionException>(() => Parse(Minimal + "\n" + line));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(9, error.Location.Line);
    }

    [Fact]
    public void Missing_part_is_named()
    {
        var error = Assert.Throws<PipelineDefinitionException>(() => Parse(Replace(Minimal, "group: lake", "")));
        Assert.Contains("needs 'group'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_yaml_is_reported_with_its_line()
    {
        var error = Assert.Throws<PipelineDefinitionException>(() => Parse(Replace(Minimal, "[trips]", "[trips")));
        Assert.Contains("not valid YAML", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, error.Location.Line);
    }

    [Fact]
    public void Environment_variables_stand_in_for_secrets()
    {
        PipelineDefinition pipeline = PipelineDefinition.Parse(
            Replace(Minimal, "group: lake", "group: lake, properties: { sasl.password: \"${KAFKA_PASSWORD}!\" }"),
            "trips.yaml", name => name == "KAFKA_PASSWORD" ? "se:cret" : null, _ => "");

        Assert.Equal("se:cret!", pipeline.Source.Properties["sasl.password"]);
    }

    [Fact]
    public void Schema_may_stand_in_a_file_of_its_own()
    {
        string yaml = Minimal[..Minimal.IndexOf("schema:", StringComparison.Ordinal)]
            + "schema_file: trips.schema.yaml\ntable: { path: /lake/trips }";

        PipelineDefinition pipeline = PipelineDefinition.Parse(yaml, "trips.yaml", _ => null, name =>
            name == "trips.schema.yaml" ? "- { name: id, type: long }" : throw new FileNotFoundException(name));
        Assert.Equal(new Schema(new Field("id", TypeKind.Long)), pipeline.Schema);

        var error = Assert.Throws<PipelineDefinitionException>(() =>
            PipelineDefinition.Parse(yaml, "trips.yaml", _ => null, _ => "- { name: id, type: lang }"));
        Assert.Equal(new SourceLocation("trips.schema.yaml", 1, 21), error.Location);
    }

    [Fact]
    public void Offset_that_nobody_asked_for_travels_with_the_rows_but_not_into_the_table()
    {
        PipelineSchemas schemas = Parse(Minimal).Schemas;

        Assert.True(schemas.OffsetIndex >= 0);
        Assert.Equal(["trip_id", "event_time", "fare"], schemas.Table.Fields.Select(f => f.Name));
    }

    private static string Replace(string text, string old, string with)
    {
        Assert.Contains(old, text, StringComparison.Ordinal);
        return text.Replace(old, with, StringComparison.Ordinal);
    }

    private static PipelineDefinition Parse(string yaml) =>
        PipelineDefinition.Parse(yaml, "trips.yaml", _ => null, name => throw new FileNotFoundException(name));
}
