using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>The columns of a merged file and where each input has them. Pure.</summary>
internal sealed class MergeShape
{
    private MergeShape(
        ImmutableArray<MergeColumn> columns, ImmutableArray<ImmutableArray<SourceColumn>> sources, ImmutableArray<string> dropped)
    {
        (Columns, Sources, Dropped) = (columns, sources, dropped);
        Schema = new Schema([.. columns.Select(static c => c.Field)]);
        Elements =
        [
            new SchemaElement { Name = "schema", NumChildren = columns.Length },
            .. columns.SelectMany(static c => c.Elements),
        ];
    }

    /// <summary>The top-level columns of the output.</summary>
    internal ImmutableArray<MergeColumn> Columns { get; }

    /// <summary>Input by input, what each of them is there.</summary>
    internal ImmutableArray<ImmutableArray<SourceColumn>> Sources { get; }

    /// <summary>Columns of inputs that the output does not have.</summary>
    internal ImmutableArray<string> Dropped { get; }

    /// <summary>The columns' names and types.</summary>
    internal Schema Schema { get; }

    /// <summary>The schema tree of the output.</summary>
    internal ImmutableArray<SchemaElement> Elements { get; }

    /// <summary>
    /// Throws <see cref="ParquetFormatException"/>, with the file and the column, when an input's column can neither be taken over nor
    /// converted without loss.
    /// </summary>
    internal static MergeShape Of(IReadOnlyList<MergeSource> sources, MergeOptions options)
    {
        var constants = options.Constants.Keys.ToHashSet(StringComparer.Ordinal);
        ImmutableArray<MergeColumn> columns = options.Schema is { } schema
            ? [.. schema.Fields.Select(MergeColumn.Canonical)]
            : MergeColumn.AllOf(sources[^1].MetaData.Schema);
        var names = columns.Select(static c => c.Field.Name).ToHashSet(StringComparer.Ordinal);
        string[] dropped = [.. sources.SelectMany(static s => s.Schema.Fields).Select(static f => f.Name).Where(n => !names.Contains(n)).Distinct()];
        if (options.Schema is null && dropped.Length > 0)
        {
            string where = sources.First(s => s.Schema.IndexOf(dropped[0]) >= 0).Path.Value;
            throw new ParquetFormatException(
                $"'{where}' has a column '{dropped[0]}' that the last input '{sources[^1].Path}' does not have: name the columns of the output.");
        }

        ImmutableArray<MergeColumn>[] theirs = [.. sources.Select(static s => MergeColumn.AllOf(s.MetaData.Schema))];
        bool[] isTrusted = [.. sources.Select(static s => WriterQuirks.KeepsPages(s.MetaData.CreatedBy))];
        SourceColumn? Find(MergeColumn column, int source) => constants.Contains(column.Field.Name)
            ? SourceColumn.None
            : SourceColumn.Find(column, theirs[source], isTrusted[source]);

        MergeColumn[] settled = [.. columns.Select(c => Settle(c, sources.Count, Find))];
        return new MergeShape(
            [.. settled],
            [.. sources.Select((s, i) => settled.Select(c => Find(c, i) ?? throw Unlike(c, s)).ToImmutableArray())],
            [.. dropped]);
    }

    /// <summary>
    /// The column as the output has it: as the file says, or, when an input has to be encoded again and what is written here is another form
    /// of the same values, in that form.
    /// </summary>
    private static MergeColumn Settle(MergeColumn column, int sourceCount, Func<MergeColumn, int, SourceColumn?> find) =>
        !column.IsCanonical && Enumerable.Range(0, sourceCount).Any(s => find(column, s) is null)
            ? MergeColumn.Canonical(column.Field)
            : column;

    private static ParquetFormatException Unlike(MergeColumn column, MergeSource source)
    {
        string what = source.Schema.IndexOf(column.Field.Name) is >= 0 and int position
            ? Text(source.Schema[position]) == Text(column.Field)
                ? $"its pages cannot be taken over, as of the writer '{source.MetaData.CreatedBy}', and this form of {Text(column.Field)} is not written here"
                : $"{Text(source.Schema[position])} cannot become {Text(column.Field)} without loss"
            : $"there is no such column, and {Text(column.Field)} cannot be padded with nulls";
        return new ParquetFormatException(
            $"'{source.Path}', column '{column.Field.Name}': {what}; the file cannot be merged with the others.");
    }

    private static string Text(Field field) => $"{field.Type}{(field.Required ? " required" : "")}";
}
