using Lakehouse.Columns;
using YamlDotNet.RepresentationModel;

namespace Lakehouse.Ingest;

/// <summary>
/// The columns of a schema. A list has <c>items</c>, a map (whose keys are strings) <c>values</c>, each the name of a type or a mapping such
/// as <c>{ type: struct, fields: [...] }</c>; a struct has <c>fields</c>, written like columns.
/// </summary>
internal static class SchemaParser
{
    private const int DepthMax = 16;

    /// <summary>Reads columns. Throws <see cref="PipelineDefinitionException"/> with the place of what is wrong.</summary>
    internal static Schema Fields(PipelineText text, IReadOnlyList<YamlNode> nodes, SourceLocation location)
    {
        var fields = new List<Field>(nodes.Count);
        foreach (YamlNode node in nodes)
        {
            YamlMapping mapping = text.Mapping(node, "A column of the schema");
            string name = mapping.RequireText("name");
            ColumnNames.Check(name, mapping.LocationOf("name"));
            fields.Add(Named(text, mapping, name, fields, depth: 0));
        }

        return fields.Count > 0
            ? new Schema([.. fields])
            : throw new PipelineDefinitionException(location, "The schema has no columns; write at least one { name: ..., type: ... }.");
    }

    private static Field Named(PipelineText text, YamlMapping mapping, string name, List<Field> before, int depth)
    {
        if (before.Exists(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new PipelineDefinitionException(mapping.LocationOf("name"),
                $"Two columns are named '{name}' (query engines do not tell upper from lower case).");
        }

        (ColumnType type, bool required) = TypeOf(text, mapping, depth);
        return new Field(name, type, required);
    }

    /// <summary>The type that a mapping spells out, and whether it is required.</summary>
    private static (ColumnType Type, bool Required) TypeOf(PipelineText text, YamlMapping mapping, int depth)
    {
        string typeText = mapping.RequireText("type");
        if (depth > DepthMax)
        {
            throw new PipelineDefinitionException(mapping.Location, $"Types are nested at most {DepthMax} deep.");
        }

        ColumnType type;
        switch (typeText)
        {
            case "list":
                (ColumnType items, bool itemsRequired) = Inner(text, mapping, "items", depth + 1);
                type = ColumnType.List(items, itemsRequired);
                break;
            case "map":
                (ColumnType values, bool valuesRequired) = Inner(text, mapping, "values", depth + 1);
                type = ColumnType.Map(TypeKind.String, values, valuesRequired);
                break;
            case "struct":
                type = Struct(text, mapping, depth + 1);
                break;
            default:
                type = Scalar(typeText, mapping.LocationOf("type"));
                break;
        }

        bool required = mapping.FindBoolean("required", false);
        mapping.Done();
        return (type, required);
    }

    private static ColumnType Struct(PipelineText text, YamlMapping mapping, int depth)
    {
        mapping.Require("fields");
        var fields = new List<Field>();
        foreach (YamlNode node in mapping.FindList("fields"))
        {
            YamlMapping field = text.Mapping(node, "A field of the struct");
            string name = field.RequireText("name");
            ColumnNames.CheckForm(name, field.LocationOf("name"));
            fields.Add(Named(text, field, name, fields, depth));
        }

        return fields.Count > 0
            ? ColumnType.Struct([.. fields])
            : throw new PipelineDefinitionException(mapping.LocationOf("fields"), "A struct has at least one field { name: ..., type: ... }.");
    }

    private static (ColumnType Type, bool Required) Inner(PipelineText text, YamlMapping mapping, string key, int depth)
    {
        YamlNode node = mapping.Require(key);
        return node is YamlScalarNode
            ? (Scalar(text.Scalar(node, key), text.At(node)), false)
            : TypeOf(text, text.Mapping(node, key), depth);
    }

    private static ColumnType Scalar(string typeText, SourceLocation location) =>
        ColumnType.TryParse(typeText, out ColumnType type)
            ? type
            : throw new PipelineDefinitionException(
                location, $"'{typeText}' is no column type.{Spelling.Suggest(typeText, ColumnNames.TypeNames)}");
}
