using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>What a top-level column of the output is in one input. Pure.</summary>
/// <param name="Name">Its name; null when the input has no such column and nulls are made, or it is not asked.</param>
/// <param name="Leaves">Leaf by leaf, where its pages come from.</param>
/// <param name="WhyReencoded">Why its values have to be decoded and encoded again; null when they need not.</param>
internal sealed record SourceColumn(string? Name, ImmutableArray<SourceLeaf> Leaves, string? WhyReencoded)
{
    /// <summary>Of a constant column.</summary>
    internal static SourceColumn None { get; } = new(null, [], null);

    /// <summary>Null when there is neither a way to take the pages over nor one to convert the values without loss.</summary>
    internal static SourceColumn? Find(MergeColumn target, ImmutableArray<MergeColumn> theirs, bool isTrusted)
    {
        MergeColumn? source = theirs.FirstOrDefault(c => c.Field.Name == target.Field.Name);
        if (source is null)
        {
            // < Levels of 0 are a null, or an empty list: that has to be below what a value has.
            return target.Leaves.All(static l => l.Leaf.MaxDefinition > 0)
                ? new SourceColumn(null, [.. target.Leaves.Select(static _ => new SourceLeaf(LeafOrigin.Nulls, null))], null)
                : null;
        }

        ImmutableArray<SourceLeaf> leaves = [.. target.Leaves.Select(l => Find(l, source)).OfType<SourceLeaf>()];
        bool isWhole = leaves.Length == target.Leaves.Length;
        if (isWhole && isTrusted)
        {
            return new SourceColumn(source.Field.Name, leaves, null);
        }

        string reason = isWhole
            ? "its writer is not known to write pages that stand for themselves"
            : $"{source.Field.Type} becomes {target.Field.Type}";
        return target.IsCanonical && Converts(source, target)
            ? new SourceColumn(source.Field.Name, [.. target.Leaves.Select(static _ => new SourceLeaf(LeafOrigin.Encoded, null))], reason)
            : null;
    }

    private static SourceLeaf? Find(MergeLeaf target, MergeColumn source)
    {
        foreach (MergeLeaf leaf in source.Leaves)
        {
            if (leaf.Meaning != target.Meaning)
            {
                continue;
            }

            if (leaf.Groups.AsSpan().SequenceEqual(target.Groups.AsSpan()))
            {
                return new SourceLeaf(LeafOrigin.Pages, leaf.Leaf);
            }

            if (leaf.Groups.Length == 1 && leaf.Leaf is { MaxDefinition: 0 } && target.Groups is [{ Definition: 1, Repetition: 0 }])
            {
                return new SourceLeaf(LeafOrigin.RequiredPages, leaf.Leaf);
            }
        }

        return FromSibling(target, source);
    }

    /// <summary>
    /// A leaf that is new in a group which is there: its levels come from another leaf of the group, the one in the fewest lists. None when a
    /// leaf of that name is there with another type, or the new one cannot be null.
    /// </summary>
    private static SourceLeaf? FromSibling(MergeLeaf target, MergeColumn source)
    {
        if (source.Leaves.IsEmpty)
        {
            return null; // A damaged schema, in which lists have nothing in them.
        }

        int Shared(MergeLeaf leaf) => leaf.Groups.AsSpan().CommonPrefixLength(target.Groups.AsSpan());
        int names = source.Leaves.Max(l => l.Groups.Zip(target.Groups).TakeWhile(static g => g.First.Name == g.Second.Name).Count());
        MergeLeaf sibling = source.Leaves.OrderByDescending(Shared).ThenBy(static l => l.Leaf.MaxRepetition).First();
        int depth = Shared(sibling);
        if (depth == 0 || names != depth || target.Leaf.MaxDefinition == target.Groups[depth - 1].Definition
            || !IsMember(target, depth) || !IsMember(sibling, depth))
        {
            return null;
        }

        return new SourceLeaf(LeafOrigin.Levels, sibling.Leaf)
        {
            Definition = target.Groups[depth - 1].Definition, Repetition = target.Groups[depth - 1].Repetition,
        };
    }

    /// <summary>
    /// Whether a node is a member of a struct. What stands in a list or a map has other names in other layouts, and is nothing new for that.
    /// </summary>
    private static bool IsMember(MergeLeaf leaf, int depth)
    {
        ImmutableArray<GroupLevels> groups = leaf.Groups;
        int above = depth > 1 ? groups[depth - 2].Repetition : 0;
        return depth < groups.Length && groups[depth - 1].Repetition == above && groups[depth].Repetition == above;
    }

    private static bool Converts(MergeColumn source, MergeColumn target)
    {
        if (source.Field.Type.IsNested || target.Field.Type.IsNested)
        {
            return source.Field.Type == target.Field.Type && (source.Field.Required || !target.Field.Required)
                && source.Leaves.Zip(target.Leaves).All(static pair => pair.First.Meaning.Logical == pair.Second.Meaning.Logical);
        }

        LeafMeaning from = source.Leaves[0].Meaning;
        LeafMeaning to = target.Leaves[0].Meaning;
        bool isWider = (from, to) is (
            { Stored: ParquetType.Int32, Logical: null }, { Stored: ParquetType.Int64, Logical: null })
            or ({ Stored: ParquetType.Float, Logical: null }, { Stored: ParquetType.Double, Logical: null });
        bool isSame = source.Field.Type == target.Field.Type && from.Logical == to.Logical && from.OlderType == to.OlderType;
        return (isWider || isSame) && (source.Field.Required || !target.Field.Required);
    }
}

/// <summary>Where the pages of a leaf come from.</summary>
internal enum LeafOrigin
{
    /// <summary>From the same leaf of the input.</summary>
    Pages,

    /// <summary>From the same leaf of the input, where it is required: definition levels are added.</summary>
    RequiredPages,

    /// <summary>There are none: only nulls, in the places where another leaf of the same group has entries.</summary>
    Levels,

    /// <summary>There are none: one null, or empty list, for each row.</summary>
    Nulls,

    /// <summary>Values are decoded and encoded again.</summary>
    Encoded,
}

/// <summary>A leaf's origin.</summary>
/// <param name="Origin">Where its pages come from.</param>
/// <param name="Leaf">The leaf of the input that is read.</param>
internal readonly record struct SourceLeaf(LeafOrigin Origin, Leaf? Leaf)
{
    /// <summary>Of <see cref="LeafOrigin.Levels"/>: the definition level of the group that both leaves stand in, when it is there.</summary>
    internal int Definition { get; init; }

    /// <summary>Of <see cref="LeafOrigin.Levels"/>: how many lists that group stands in.</summary>
    internal int Repetition { get; init; }
}
