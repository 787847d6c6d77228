using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>One leaf of a file's schema: what each chunk of a row group holds (Dremel; parquet-format README, nested encoding).</summary>
/// <param name="Ordinal">Its position among the leaves, which is that of its chunk in every row group.</param>
/// <param name="Path">The names from the root down.</param>
/// <param name="Type">How its values lie and what they become.</param>
/// <param name="MaxDefinition">The definition level of a value that is there.</param>
/// <param name="MaxRepetition">How many lists it stands in.</param>
/// <param name="SlotDefinition">
/// The definition level from which on an entry is an element of the innermost list: below it the list is null or empty and has no slot.
/// </param>
internal sealed record Leaf(
    int Ordinal, ImmutableArray<string> Path, LeafType Type, int MaxDefinition, int MaxRepetition, int SlotDefinition)
{
    /// <summary>The name as people write it.</summary>
    internal string Name => string.Join('.', Path);
}
