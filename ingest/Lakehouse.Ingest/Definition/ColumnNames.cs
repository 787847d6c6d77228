using System.Text.RegularExpressions;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Which names a column may have: those that Avro, Parquet and every query engine take.</summary>
internal static partial class ColumnNames
{
    /// <summary>The column types as pipelines write them.</summary>
    internal static IEnumerable<string> TypeNames =>
        ColumnType.ScalarKinds.Select(k => k == TypeKind.Decimal ? "decimal(10,2)" : ((ColumnType)k).ToString()).Concat(["list", "map", "struct"]);

    /// <summary>The form alone, which is all that matters for the fields of a struct.</summary>
    internal static void CheckForm(string name, SourceLocation location)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new PipelineDefinitionException(location,
                $"'{name}' cannot name a column: letters, digits and '_' only, not starting with a digit (Avro's rule).");
        }
    }

    internal static void Check(string name, SourceLocation location)
    {
        CheckForm(name, location);
        if (name.StartsWith("_hoodie_", StringComparison.OrdinalIgnoreCase))
        {
            throw new PipelineDefinitionException(location,
                $"'{name}' cannot name a column: names starting with '_hoodie_' are Hudi's own.");
        }

        if (name.Equals(PipelineSchemas.HiddenOffset, StringComparison.OrdinalIgnoreCase))
        {
            throw new PipelineDefinitionException(location, $"'{name}' cannot name a column: the pipeline uses it itself.");
        }
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,254}$")]
    private static partial Regex NamePattern();
}
