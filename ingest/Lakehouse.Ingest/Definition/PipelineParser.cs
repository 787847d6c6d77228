using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Lakehouse.Columns;
using Lakehouse.Storage;
using YamlDotNet.RepresentationModel;

namespace Lakehouse.Ingest;

/// <summary>
/// Pipeline YAML to <see cref="PipelineDefinition"/>, part by part in the order of the file, then the checks that need several parts.
/// </summary>
internal sealed partial class PipelineParser(string file, Func<string, string?> variable, Func<string, string> readFile)
{
    private readonly PipelineText _text = new(file, variable);

    internal PipelineDefinition Parse(string yaml)
    {
        YamlMapping root = _text.Mapping(_text.Parse(yaml), "The pipeline");
        string name = PipelineName(root);
        KafkaSourceDefinition source = Source(root.RequireMapping("source"));
        JsonFormatDefinition json = Format(root.FindMapping("format"));
        (Schema schema, SourceLocation schemaLocation) = SchemaOf(root);
        string? eventTime = EventTime(root.FindMapping("event_time"), schema);
        ImmutableArray<StepDefinition> steps = Steps(root);
        YamlMapping tableMapping = root.RequireMapping("table");
        TableDefinition table = TableSection.Read(tableMapping);
        IReadOnlyList<YamlMapping> routeMappings = RoutesSection.Mappings(_text, root);
        (string? deadLetters, DeadLetterLimit? limit) = DeadLetters(root.FindMapping("dead_letters"));
        CheckpointDefinition checkpoint = Checkpoint(root.FindMapping("checkpoint"));
        S3Settings s3 = S3Section.Read(root.FindMapping("s3"));
        long budget = Memory(root.FindMapping("memory"));
        CompactionDefinition? compaction = CompactionSection.Read(root.FindMapping("compaction"));
        int parallelism = root.FindInteger("parallelism", 0, 1, 1024);
        root.Done();
        PipelineSchemas schemas = PipelineSchemas.Resolve(schema, table.KafkaColumns, steps, schemaLocation);
        TableSection.CheckColumns(tableMapping, table, schemas.Table);
        ImmutableArray<RouteDefinition> routes = [.. routeMappings.Select(route => RoutesSection.Read(route, table, schemas))];
        TableSection.CheckPaths(
        [
            ("table", tableMapping.LocationOf("path"), table.Path),
            .. routes.Select(static route => ("a route", route.Location, route.Table.Path)),
            .. deadLetters is null ? [] : new[] { ("dead_letters", root.LocationOf("dead_letters"), deadLetters) },
        ]);
        return new PipelineDefinition
        {
            File = file,
            Name = name,
            Source = source,
            Json = json,
            Schema = schema,
            EventTimeColumn = eventTime,
            Steps = steps,
            Table = table,
            Routes = routes,
            DeadLettersPath = deadLetters,
            DeadLetterLimit = limit,
            Checkpoint = checkpoint,
            S3 = s3,
            Compaction = compaction,
            MemoryBudgetBytes = budget,
            Parallelism = parallelism == 0 ? null : parallelism,
            Schemas = schemas,
        };
    }

    private static string PipelineName(YamlMapping root)
    {
        string name = root.RequireText("pipeline");
        return PipelineNamePattern().IsMatch(name)
            ? name
            : throw new PipelineDefinitionException(root.LocationOf("pipeline"),
                $"A pipeline's name is 1 to 64 letters, digits, '_' or '-' and starts with a letter, not '{name}'. "
                + "It is the identity in every commit.");
    }

    private static KafkaSourceDefinition Source(YamlMapping source)
    {
        YamlMapping kafka = source.RequireMapping("kafka");
        source.Done();
        kafka.Require("topics");
        ImmutableArray<string> topics = [.. kafka.FindTexts("topics")];
        if (topics.Length == 0 || topics.Distinct().Count() < topics.Length || topics.Any(string.IsNullOrWhiteSpace))
        {
            throw new PipelineDefinitionException(kafka.LocationOf("topics"), "'topics' is a list of at least one topic, each once.");
        }

        var properties = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (kafka.FindMapping("properties") is { } given)
        {
            foreach (string key in given.Keys)
            {
                properties[key] = given.FindText(key) ?? "";
            }
        }

        var definition = new KafkaSourceDefinition
        {
            BootstrapServers = kafka.RequireText("bootstrap_servers"),
            Topics = topics,
            Group = kafka.RequireText("group"),
            Start = Start(kafka),
            OnDataLoss = kafka.FindWord("on_data_loss", OnDataLoss.Fail, ("fail", OnDataLoss.Fail), ("earliest", OnDataLoss.Earliest)),
            Properties = properties.ToImmutable(),
        };
        kafka.Done();
        return definition;
    }

    private static StartPosition Start(YamlMapping kafka) => kafka.FindText("start") switch
    {
        null or "earliest" => new StartPosition.Earliest(),
        "latest" => new StartPosition.Latest(),
        var text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) => new StartPosition.At(time),
        var text => throw new PipelineDefinitionException(kafka.LocationOf("start"),
            $"'start' is earliest, latest or a time such as 2026-01-01T00:00:00Z, not '{text}'."
            + $"{Spelling.Suggest(text, ["earliest", "latest"])}"),
    };

    private static JsonFormatDefinition Format(YamlMapping? format)
    {
        YamlMapping? json = format?.RequireMapping("json");
        format?.Done();
        json?.FindWord("unknown_fields", true, ("ignore", true));
        long recordBytesMax = json?.FindSize("max_record_size", 16 << 20, 1024) ?? 16 << 20;
        json?.Done();
        return recordBytesMax <= 1 << 30
            ? new JsonFormatDefinition((int)recordBytesMax)
            : throw new PipelineDefinitionException(json!.LocationOf("max_record_size"), "'max_record_size' is at most 1GiB.");
    }

    private (Schema Schema, SourceLocation Location) SchemaOf(YamlMapping root)
    {
        string? schemaFile = root.FindText("schema_file");
        if (schemaFile is null)
        {
            root.Require("schema");
            return (SchemaParser.Fields(_text, root.FindList("schema"), root.LocationOf("schema")), root.LocationOf("schema"));
        }

        if (root.Find("schema") is { } both)
        {
            throw new PipelineDefinitionException(_text.At(both), "The schema stands either in 'schema' or in 'schema_file', not in both.");
        }

        string yaml;
        try
        {
            yaml = readFile(schemaFile);
        }
        catch (IOException error)
        {
            throw new PipelineDefinitionException(
                root.LocationOf("schema_file"), $"The schema file cannot be read: {error.Message}", error);
        }

        var text = new PipelineText(schemaFile, variable);
        YamlNode list = text.Parse(yaml);
        return (SchemaParser.Fields(text, text.Sequence(list, "schema"), text.At(list)), text.At(list));
    }

    private static string? EventTime(YamlMapping? eventTime, Schema schema)
    {
        if (eventTime is null)
        {
            return null;
        }

        string column = eventTime.RequireText("column");
        eventTime.Done();
        int index = schema.IndexOf(column);
        if (index < 0)
        {
            throw new PipelineDefinitionException(eventTime.LocationOf("column"),
                $"The schema has no column '{column}'.{Spelling.Suggest(column, schema.Fields.Select(f => f.Name))}");
        }

        return schema[index].Type.Kind is TypeKind.TimestampMillis or TypeKind.TimestampMicros
            ? column
            : throw new PipelineDefinitionException(eventTime.LocationOf("column"),
                $"Event time is a timestamp_millis or timestamp_micros column; '{column}' is {schema[index].Type}.");
    }

    private ImmutableArray<StepDefinition> Steps(YamlMapping root)
    {
        var steps = ImmutableArray.CreateBuilder<StepDefinition>();
        foreach (YamlNode node in root.FindList("steps"))
        {
            YamlMapping step = _text.Mapping(node, "A step");
            if (step.FindText("filter") is { } condition)
            {
                steps.Add(new StepDefinition.Filter(step.LocationOf("filter"), condition));
            }

            if (step.FindMapping("derive") is { } columns)
            {
                foreach (string column in columns.Keys)
                {
                    steps.Add(new StepDefinition.Derive(columns.LocationOf(column), column, columns.RequireText(column)));
                }
            }

            step.Done();
            if (step.Keys.Count() != 1)
            {
                throw new PipelineDefinitionException(step.Location, "A step has exactly one key: filter or derive.");
            }
        }

        return steps.ToImmutable();
    }

    private static (string? Path, DeadLetterLimit? Limit) DeadLetters(YamlMapping? deadLetters)
    {
        if (deadLetters is null)
        {
            return (null, null);
        }

        string path = deadLetters.RequireText("path");
        DeadLetterLimit? limit = null;
        if (deadLetters.FindText("stop_above") is { } text && !DeadLetterLimit.TryParse(text, out limit))
        {
            throw new PipelineDefinitionException(deadLetters.LocationOf("stop_above"),
                $"'stop_above' is a share of the records such as 5%, or a rate such as 100/s, 600/m or 1000/h, not '{text}'.");
        }

        deadLetters.Done();
        return (path, limit);
    }

    private static CheckpointDefinition Checkpoint(YamlMapping? checkpoint)
    {
        if (checkpoint is null)
        {
            return new CheckpointDefinition();
        }

        var definition = new CheckpointDefinition
        {
            Interval = checkpoint.FindDuration("interval", TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(100)),
            Storage = checkpoint.FindText("storage"),
            Retain = checkpoint.FindInteger("retain", 5, 1, 1000),
            ClaimDeadline = checkpoint.FindDuration("claim_deadline", TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1)),
        };
        checkpoint.Done();
        return definition;
    }

    private static long Memory(YamlMapping? memory)
    {
        long budget = memory?.FindSize("budget", PipelineDefinition.MemoryBudgetBytesDefault, 64L << 20)
            ?? PipelineDefinition.MemoryBudgetBytesDefault;
        memory?.Done();
        return budget;
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    private static partial Regex PipelineNamePattern();
}
