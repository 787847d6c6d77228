using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>A top-level column of a file.</summary>
/// <param name="Field">Name and type.</param>
/// <param name="Elements">Its subtree of the schema.</param>
/// <param name="Leaves">Its leaves; their ordinals are those of the chunks of the file.</param>
/// <param name="IsCanonical">Whether it is stored in the form that is written here, so that values can be encoded for it.</param>
internal sealed record MergeColumn(Field Field, ImmutableArray<SchemaElement> Elements, ImmutableArray<MergeLeaf> Leaves, bool IsCanonical)
{
    /// <summary>The column in the form in which it is written here; its leaves are counted from 0.</summary>
    internal static MergeColumn Canonical(Field field) =>
        AllOf(SchemaMapping.ToElements(new Schema(field)), isCanonical: true)[0];

    /// <summary>A leaf as a field.</summary>
    internal Field FieldOf(int leaf) => new(Leaves[leaf].Leaf.Path[^1], Leaves[leaf].Leaf.Type.Type, Leaves[leaf].Leaf.MaxDefinition == 0);

    /// <summary>The columns of a file.</summary>
    internal static ImmutableArray<MergeColumn> AllOf(ImmutableArray<SchemaElement> elements) =>
        [.. AllOf(elements, isCanonical: false).Select(static c => c with { IsCanonical = c.IsLike(Canonical(c.Field)) })];

    private static ImmutableArray<MergeColumn> AllOf(ImmutableArray<SchemaElement> elements, bool isCanonical)
    {
        var columns = ImmutableArray.CreateBuilder<MergeColumn>();
        int at = 1;
        foreach (ColumnShape shape in FileShape.Of(elements))
        {
            int from = at;
            var ways = new List<(SchemaElement Leaf, ImmutableArray<GroupLevels> Groups)>();
            Walk(elements, ref at, [], ways);
            columns.Add(new MergeColumn(
                shape.Field,
                elements[from..at],
                [.. shape.Leaves.Zip(ways, static (leaf, way) => new MergeLeaf(leaf, LeafMeaning.Of(way.Leaf), way.Groups))],
                isCanonical));
        }

        return columns.ToImmutable();
    }

    private static void Walk(
        ImmutableArray<SchemaElement> elements,
        ref int at,
        ImmutableArray<GroupLevels> above,
        List<(SchemaElement Leaf, ImmutableArray<GroupLevels> Groups)> ways)
    {
        SchemaElement element = elements[at++];
        GroupLevels last = above.IsEmpty ? new GroupLevels("", 0, 0) : above[^1];
        ImmutableArray<GroupLevels> here = above.Add(new GroupLevels(
            element.Name,
            last.Definition + (element.RepetitionType == FieldRepetitionType.Required ? 0 : 1),
            last.Repetition + (element.RepetitionType == FieldRepetitionType.Repeated ? 1 : 0)));
        if (element.Type is not null)
        {
            ways.Add((element, here));
            return;
        }

        for (int child = 0; child < element.NumChildren; child++)
        {
            Walk(elements, ref at, here, ways);
        }
    }

    private bool IsLike(MergeColumn other) =>
        Leaves.Length == other.Leaves.Length
        && Leaves.Zip(other.Leaves).All(static pair =>
            pair.First.Meaning == pair.Second.Meaning && pair.First.Groups.AsSpan().SequenceEqual(pair.Second.Groups.AsSpan()));
}

/// <summary>A leaf, what its values mean, and the way to it from the top-level column on, itself the last.</summary>
internal sealed record MergeLeaf(Leaf Leaf, LeafMeaning Meaning, ImmutableArray<GroupLevels> Groups);

/// <summary>A node of the schema, and the levels of an entry that is there.</summary>
internal readonly record struct GroupLevels(string Name, int Definition, int Repetition);
