using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>
/// Decides how files become one: which row groups come together and, column by column and input by input, the cheapest legal way to move
/// the pages. Pure: facts are the footers, and the families of dictionaries where they were read.
/// </summary>
public static class MergePlanning
{
    private const int SmallPageBytes = 16 << 10;

    /// <summary>Throws <see cref="ParquetFormatException"/> when an input cannot be merged with the others.</summary>
    public static MergePlan Plan(IReadOnlyList<MergeSource> sources, MergeOptions options)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfZero(sources.Count, nameof(sources));
        MergeShape shape = MergeShape.Of(sources, options);
        MergeInput[] inputs =
        [
            .. sources.SelectMany(static (s, i) => Enumerable.Range(0, s.MetaData.RowGroups.Length).Select(g => new MergeInput(i, g)))
                .Where(i => GroupOf(sources, i).NumRows > 0),
        ];
        if (!options.KeepsOrder)
        {
            inputs = DictionariesFirst(inputs, sources, shape);
        }

        return new MergePlan([.. Cut(inputs, sources, options).Select(g => Group(g, sources, shape, options))], shape);
    }

    private static RowGroup GroupOf(IReadOnlyList<MergeSource> sources, MergeInput input) =>
        sources[input.Source].MetaData.RowGroups[input.RowGroup];

    /// <summary>
    /// The inputs with the fewest columns first that have no dictionary, or not for all pages, where other inputs have one: no page of a
    /// dictionary may follow one without.
    /// </summary>
    private static MergeInput[] DictionariesFirst(MergeInput[] inputs, IReadOnlyList<MergeSource> sources, MergeShape shape)
    {
        bool[] Of(MergeInput input) =>
        [
            .. shape.Sources[input.Source].SelectMany(static c => c.Leaves).Select(l =>
                l is { Leaf: { } leaf, Origin: not LeafOrigin.Levels }
                && PageKindsOf(GroupOf(sources, input).Columns[leaf.Ordinal].MetaData) == PageKinds.Dictionary),
        ];
        bool[][] has = [.. inputs.Select(Of)];
        int[] wanted = [.. Enumerable.Range(0, has.Length == 0 ? 0 : has[0].Length).Where(l => has.Any(h => h[l]))];
        int[] missing = [.. has.Select(h => wanted.Count(l => !h[l]))];
        return [.. Enumerable.Range(0, inputs.Length).OrderBy(i => missing[i]).Select(i => inputs[i])];
    }

    /// <summary>Cuts the inputs into row groups of the output: one that is large already stays for itself.</summary>
    private static IEnumerable<MergeInput[]> Cut(MergeInput[] inputs, IReadOnlyList<MergeSource> sources, MergeOptions options)
    {
        var open = new List<MergeInput>();
        long bytes = 0;
        long rows = 0;
        foreach (MergeInput input in inputs)
        {
            RowGroup group = GroupOf(sources, input);
            long groupBytes = group.Columns.Sum(static c => c.MetaData.TotalCompressedSize);
            bool isLarge = groupBytes >= options.RowGroupBytes / 2 || group.NumRows >= options.RowGroupRows / 2;
            if (open.Count > 0 && (isLarge || bytes + groupBytes > options.RowGroupBytes || rows + group.NumRows > options.RowGroupRows))
            {
                yield return [.. open];
                open.Clear();
                (bytes, rows) = (0, 0);
            }

            open.Add(input);
            bytes += groupBytes;
            rows += group.NumRows;
            if (isLarge)
            {
                yield return [.. open];
                open.Clear();
                (bytes, rows) = (0, 0);
            }
        }

        if (open.Count > 0)
        {
            yield return [.. open];
        }
    }

    private static MergedRowGroup Group(MergeInput[] inputs, IReadOnlyList<MergeSource> sources, MergeShape shape, MergeOptions options)
    {
        var columns = ImmutableArray.CreateBuilder<MergedColumn>();
        for (int c = 0; c < shape.Columns.Length; c++)
        {
            bool isConstant = options.Constants.ContainsKey(shape.Columns[c].Field.Name);
            for (int l = 0; l < shape.Columns[c].Leaves.Length; l++)
            {
                string name = shape.Columns[c].Leaves[l].Leaf.Name;
                columns.Add(isConstant
                    ? new MergedColumn(name, CompressionCodec.Uncompressed, [new MergeStep(MergeTier.Constant, "one value for all rows", 0)])
                    : Column(name, c, l, inputs, sources, shape, options));
            }
        }

        return new MergedRowGroup([.. inputs], inputs.Sum(i => GroupOf(sources, i).NumRows), columns.ToImmutable());
    }

    private static MergedColumn Column(
        string name, int column, int leaf, MergeInput[] inputs, IReadOnlyList<MergeSource> sources, MergeShape shape, MergeOptions options)
    {
        CompressionCodec codec = Codec(column, leaf, inputs, sources, shape, options);
        var steps = ImmutableArray.CreateBuilder<MergeStep>(inputs.Length);
        bool leftDictionary = false;
        int? family = null;
        foreach (MergeInput input in inputs)
        {
            MergeSource source = sources[input.Source];
            SourceColumn at = shape.Sources[input.Source][column];
            MergeStep step;
            if (at.WhyReencoded is { } why)
            {
                MergeColumn target = shape.Columns[column];
                long bytes = source.Reader.Leaves.Where(s => s.Path[0] == target.Field.Name)
                    .Sum(s => GroupOf(sources, input).Columns[s.Ordinal].MetaData.TotalCompressedSize);
                step = new MergeStep(MergeTier.Reencode, why, bytes / target.Leaves.Length);
                leftDictionary = true;
            }
            else if (at.Leaves[leaf] is { Leaf: { } read } from && from.Origin != LeafOrigin.Levels)
            {
                ColumnMetaData chunk = GroupOf(sources, input).Columns[read.Ordinal].MetaData;
                PageKinds kinds = PageKindsOf(chunk);
                step = kinds != PageKinds.Other && leftDictionary
                    ? new MergeStep(MergeTier.Reencode, "no page of a dictionary may follow one without", chunk.TotalCompressedSize)
                    : Step(chunk, read, from.Origin, codec, inputs.Length == 1, options);
                leftDictionary |= kinds != PageKinds.Dictionary;
                int? theirs = source.DictionaryFamilies is { } all && all.TryGetValue((input.RowGroup, read.Ordinal), out int number) ? number : null;
                if (step.Tier == MergeTier.Copy && theirs is { } its)
                {
                    family ??= its;
                    step = its == family
                        ? step with { Reason = "its dictionary and the others' continue each other" }
                        : step with { Tier = MergeTier.Remap, Reason = "its dictionary is not the beginning of the others'" };
                }
            }
            else
            {
                step = new MergeStep(MergeTier.Pad, "the input has no such column", 0);
            }

            steps.Add(step);
        }

        return new MergedColumn(name, codec, steps.MoveToImmutable());
    }

    /// <summary>The inputs' codec when they have one in common that is written here, otherwise the writer's.</summary>
    private static CompressionCodec Codec(
        int column, int leaf, MergeInput[] inputs, IReadOnlyList<MergeSource> sources, MergeShape shape, MergeOptions options)
    {
        CompressionCodec[] codecs =
        [
            .. inputs.Select(i => shape.Sources[i.Source][column] is { WhyReencoded: null } at
                    && at.Leaves[leaf] is { Leaf: { } read, Origin: not LeafOrigin.Levels }
                    ? GroupOf(sources, i).Columns[read.Ordinal].MetaData.Codec
                    : (CompressionCodec?)null)
                .OfType<CompressionCodec>().Distinct(),
        ];
        return codecs is [var only] && (PageCodec.Writes(only) || inputs.Length == 1) ? only : options.Writer.Codec;
    }

    private static MergeStep Step(ColumnMetaData chunk, Leaf leaf, LeafOrigin origin, CompressionCodec codec, bool isAlone, MergeOptions options)
    {
        MergeStep With(MergeTier tier, string reason) => new(tier, reason, chunk.TotalCompressedSize);
        bool isSmall = HasSmallPages(chunk, options);
        if (isSmall && leaf.Type.Stored != ParquetType.Boolean && chunk.Encodings.All(static e => IsJoined(e)))
        {
            return With(MergeTier.Coalesce, "its pages are small");
        }

        if (origin == LeafOrigin.RequiredPages)
        {
            return With(MergeTier.Transcode, "definition levels are added");
        }

        if (chunk.Codec != codec)
        {
            return With(MergeTier.Transcode, $"its codec is {chunk.Codec}");
        }

        return isAlone
            ? With(MergeTier.Stitch, "the row group is large already")
            : With(MergeTier.Copy, isSmall ? "its small pages are of an encoding that cannot be joined" : "its pages stand for themselves");
    }

    /// <summary>Whether the pages of a chunk are so small on average that they are worth joining.</summary>
    private static bool HasSmallPages(ColumnMetaData chunk, MergeOptions options)
    {
        int pages = Math.Max(1, chunk.EncodingStats.Where(static e => e.PageType != PageType.DictionaryPage).Sum(static e => e.Count));
        return chunk.NumValues / pages < options.SmallPageRows && chunk.TotalCompressedSize / pages < SmallPageBytes;
    }

    private static bool IsJoined(ParquetEncoding encoding) => encoding is ParquetEncoding.Plain or ParquetEncoding.Rle
        or ParquetEncoding.BitPacked or ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary;

    /// <summary>What the footer says of the pages; the merger looks at the pages themselves.</summary>
    internal static PageKinds PageKindsOf(ColumnMetaData chunk)
    {
        if (chunk.EncodingStats.IsEmpty)
        {
            bool has = chunk.Encodings.Any(static e => e is ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary);
            return has ? PageKinds.Dictionary : PageKinds.Other;
        }

        PageKinds kinds = PageKinds.None;
        foreach (PageEncodingStats stats in chunk.EncodingStats)
        {
            if (stats is { PageType: not PageType.DictionaryPage, Count: > 0 })
            {
                kinds |= stats.Encoding is ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary
                    ? PageKinds.Dictionary
                    : PageKinds.Other;
            }
        }

        return kinds;
    }
}

/// <summary>Which data pages there are.</summary>
[Flags]
internal enum PageKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Indexes into a dictionary.</summary>
    Dictionary = 1,

    /// <summary>Any other.</summary>
    Other = 2,
}
