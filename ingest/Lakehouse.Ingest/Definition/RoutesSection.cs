using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// The part <c>routes</c> of a pipeline file: a list of <c>{ where, table }</c>. Rows of the first route whose condition is true go to its
/// table, all others to <c>table</c>.
/// </summary>
internal static class RoutesSection
{
    /// <summary>The routes as they stand; read one by one when the columns are known. Empty without the key.</summary>
    internal static IReadOnlyList<YamlMapping> Mappings(PipelineText text, YamlMapping root)
    {
        if (root.Find("routes") is null)
        {
            return [];
        }

        IReadOnlyList<YamlMapping> routes = [.. root.FindList("routes").Select(node => text.Mapping(node, "A route"))];
        return routes.Count > 0
            ? routes
            : throw new PipelineDefinitionException(root.LocationOf("routes"),
                "'routes' is a list of at least one { where: ..., table: { path: ... } }; leave it out to send all rows to 'table'.");
    }

    internal static RouteDefinition Read(YamlMapping route, TableDefinition first, PipelineSchemas schemas)
    {
        string condition = route.RequireText("where");
        YamlMapping mapping = route.RequireMapping("table");
        route.Done();
        if (mapping.Find("kafka_columns") is not null)
        {
            throw new PipelineDefinitionException(mapping.LocationOf("kafka_columns"),
                "A route's table has the columns of the pipeline's 'table', the Kafka columns too; leave 'kafka_columns' out here.");
        }

        TableDefinition table = TableSection.Read(mapping) with { KafkaColumns = first.KafkaColumns };
        TableSection.CheckColumns(mapping, table, schemas.Table);
        var definition = new RouteDefinition(route.LocationOf("where"), condition, table);
        StepBinding.Condition(definition.Condition, schemas.Output, definition.Location, "A route's 'where'");
        return definition;
    }
}
