using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>A column or a part of one, as it is built from the leaves below it (Dremel; LogicalTypes.md, nested types).</summary>
/// <param name="Field">Name, type and whether it may be null.</param>
internal abstract record ColumnShape(Field Field)
{
    /// <summary>The leaves below, in file order; at least one.</summary>
    internal abstract IEnumerable<Leaf> Leaves { get; }

    internal sealed record OfLeaf(Field Field, Leaf Leaf) : ColumnShape(Field)
    {
        internal override IEnumerable<Leaf> Leaves => [Leaf];
    }

    /// <param name="Field">The struct.</param>
    /// <param name="Members">Its fields.</param>
    /// <param name="Definition">The definition level from which on it is not null.</param>
    /// <param name="Repetition">How many lists it stands in.</param>
    /// <param name="SlotDefinition">As <see cref="Leaf.SlotDefinition"/>.</param>
    internal sealed record OfStruct(Field Field, ImmutableArray<ColumnShape> Members, int Definition, int Repetition, int SlotDefinition)
        : ColumnShape(Field)
    {
        internal override IEnumerable<Leaf> Leaves => Members.SelectMany(static m => m.Leaves);
    }

    /// <summary>A list or a map.</summary>
    /// <param name="Field">The list.</param>
    /// <param name="Elements">The element, or key and value.</param>
    /// <param name="Definition">The definition level from which on it is not null.</param>
    /// <param name="ElementDefinition">The definition level from which on an entry is an element.</param>
    /// <param name="Repetition">The repetition level of its further elements.</param>
    /// <param name="SlotDefinition">As <see cref="Leaf.SlotDefinition"/>, of the list itself.</param>
    internal sealed record OfList(
        Field Field, ImmutableArray<ColumnShape> Elements, int Definition, int ElementDefinition, int Repetition, int SlotDefinition)
        : ColumnShape(Field)
    {
        internal override IEnumerable<Leaf> Leaves => Elements.SelectMany(static e => e.Leaves);
    }
}
