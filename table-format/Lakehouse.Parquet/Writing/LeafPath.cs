using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>Where below a nested column a leaf stands.</summary>
/// <param name="Names">The names from the root down, those of repeated groups included.</param>
/// <param name="MaxDefinition">The definition level of a value that is there.</param>
/// <param name="MaxRepetition">How many lists it stands in.</param>
internal sealed record LeafPath(ImmutableArray<string> Names, int MaxDefinition, int MaxRepetition)
{
    internal string Name => string.Join('.', Names);
}
