using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// The part <c>table</c> of a pipeline file, the pipeline's own or a route's: <c>{ path, partition_by, record_key, kafka_columns, max_file_size,
/// parquet }</c>.
/// </summary>
internal static class TableSection
{
    private static readonly ImmutableArray<string> KafkaColumnWords = ["topic", "partition", "offset", "timestamp", "key"];

    internal static TableDefinition Read(YamlMapping table)
    {
        var kafkaColumns = ImmutableArray.CreateBuilder<KafkaColumn>();
        foreach (string word in table.FindTexts("kafka_columns"))
        {
            int index = KafkaColumnWords.IndexOf(word);
            if (index < 0)
            {
                throw new PipelineDefinitionException(table.LocationOf("kafka_columns"),
                    $"'{word}' is no Kafka column.{Spelling.Suggest(word, KafkaColumnWords)}");
            }

            var column = (KafkaColumn)index;
            if (kafkaColumns.Contains(column))
            {
                throw new PipelineDefinitionException(table.LocationOf("kafka_columns"), $"'{word}' stands twice.");
            }

            kafkaColumns.Add(column);
        }

        var definition = new TableDefinition
        {
            Path = table.RequireText("path"),
            PartitionBy = [.. table.FindTexts("partition_by")],
            RecordKey = [.. table.FindTexts("record_key")],
            KafkaColumns = kafkaColumns.ToImmutable(),
            FileBytesMax = table.FindSize("max_file_size", 128L << 20, 64 << 10),
            Parquet = ParquetSection.Read(table.FindMapping("parquet")),
        };
        table.Done();
        return definition;
    }

    /// <summary>The columns that a table is laid out by are columns that it has.</summary>
    internal static void CheckColumns(YamlMapping mapping, TableDefinition table, Schema schema)
    {
        (string Key, ImmutableArray<string> Columns)[] lists = [("partition_by", table.PartitionBy), ("record_key", table.RecordKey)];
        foreach ((string key, ImmutableArray<string> columns) in lists)
        {
            foreach (string column in columns)
            {
                if (schema.IndexOf(column) < 0)
                {
                    throw new PipelineDefinitionException(mapping.LocationOf(key),
                        $"'{key}' names the column '{column}', which the table does not have."
                        + Spelling.Suggest(column, schema.Fields.Select(f => f.Name)));
                }
            }

            if (columns.FirstOrDefault(c => schema[schema.IndexOf(c)].Type.IsNested) is { } nested)
            {
                throw new PipelineDefinitionException(mapping.LocationOf(key),
                    $"'{key}' names the column '{nested}', which is {schema[schema.IndexOf(nested)].Type}; a plain column is needed.");
            }

            if (columns.Distinct().Count() < columns.Length)
            {
                throw new PipelineDefinitionException(mapping.LocationOf(key), $"'{key}' names a column twice.");
            }
        }

        CheckFilters(mapping, table, schema);
        foreach (string column in table.PartitionBy)
        {
            ColumnType type = schema[schema.IndexOf(column)].Type;
            if (type.Kind is not (TypeKind.String or TypeKind.Int or TypeKind.Long or TypeKind.Date or TypeKind.Boolean))
            {
                throw new PipelineDefinitionException(mapping.LocationOf("partition_by"),
                    $"Column '{column}' is {type}; a table is partitioned by string, int, long, date or boolean columns, because "
                    + "readers take the value from the folder's name. Derive one, such as date_format(event_time, 'yyyy-MM-dd').");
            }
        }
    }

    private static void CheckFilters(YamlMapping mapping, TableDefinition table, Schema schema)
    {
        foreach (string column in table.Parquet.BloomFilters)
        {
            int index = schema.IndexOf(column);
            if (index < 0)
            {
                throw new PipelineDefinitionException(mapping.LocationOf("parquet"),
                    $"'bloom_filters' names the column '{column}', which the table does not have."
                    + Spelling.Suggest(column, schema.Fields.Select(f => f.Name)));
            }

            if (schema[index].Type is { IsNested: true } or { Kind: TypeKind.Boolean or TypeKind.Float or TypeKind.Double })
            {
                throw new PipelineDefinitionException(mapping.LocationOf("parquet"),
                    $"'bloom_filters' names the column '{column}', which is {schema[index].Type}; filters are for plain columns, neither booleans nor floats.");
            }
        }
    }

    /// <summary>Every table needs a folder of its own, and none may lie in another's.</summary>
    internal static void CheckPaths(IReadOnlyList<(string Name, SourceLocation Location, string Path)> tables)
    {
        for (int i = 0; i < tables.Count; i++)
        {
            for (int before = 0; before < i; before++)
            {
                string own = Normal(tables[i].Path);
                string other = Normal(tables[before].Path);
                if (own == other || own.StartsWith(other + "/", StringComparison.Ordinal) || other.StartsWith(own + "/", StringComparison.Ordinal))
                {
                    throw new PipelineDefinitionException(tables[i].Location,
                        $"Every table needs a folder of its own: '{tables[i].Path}' of {tables[i].Name} "
                        + (own == other ? "is the path" : "and the path") + $" of {tables[before].Name}"
                        + (own == other ? "." : $", '{tables[before].Path}', lie one in the other."));
                }
            }
        }
    }

    /// <summary>One spelling for one place, as far as the text tells.</summary>
    private static string Normal(string path)
    {
        if (Uri.TryCreate(path, UriKind.Absolute, out Uri? url) && url.IsFile)
        {
            path = url.LocalPath;
        }

        return path.Contains("://", StringComparison.Ordinal)
            ? path.TrimEnd('/').Replace("s3a://", "s3://", StringComparison.OrdinalIgnoreCase)
            : Path.GetFullPath(path).TrimEnd('/');
    }
}
