namespace Lakehouse.EndToEnd.Tests;

/// <summary>A step of the commit of one table, named by its folder.</summary>
/// <param name="Table">The table.</param>
/// <param name="Step">The step.</param>
internal readonly record struct TableStep(string Table, ProtocolStep Step)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Table} {Step}";
}

/// <summary>
/// The tables of a pipeline, looked at from outside: the first one, whose commit decides, and those that follow it, in the order in which they
/// are rolled forward. Of a checkpoint, followers know only that files are staged; of several tables, the one whose file came last counts.
/// </summary>
internal sealed class TablesOnDisk(string first, params string[] followers)
{
    private readonly TableOnDisk _first = new(first);

    /// <summary>Every step of every table's commit.</summary>
    public IReadOnlyList<TableStep> Steps { get; } =
    [
        .. Enum.GetValues<ProtocolStep>().Select(step => new TableStep(Path.GetFileName(first), step)),
        .. followers.SelectMany(static table => Enum.GetValues<ProtocolStep>()
            .Where(static step => step == ProtocolStep.StagingFiles || step >= ProtocolStep.Claimed)
            .Select(step => new TableStep(Path.GetFileName(table), step))),
    ];

    /// <summary>How many commits the table has that has the fewest.</summary>
    public int CommitCountMin => followers.Append(first).Min(static table => new TableOnDisk(table).CommitCount());

    /// <summary>The folder of a step's table.</summary>
    public string FolderOf(TableStep step) => followers.Append(first).Single(table => Path.GetFileName(table) == step.Table);

    /// <summary>The step that the worker was in that was started at a time and has been killed.</summary>
    public TableStep LastStep(DateTime startedUtc)
    {
        foreach (string follower in followers)
        {
            if (new TableOnDisk(follower).CommitStep() is { } step)
            {
                return new TableStep(Path.GetFileName(follower), step);
            }
        }

        ProtocolStep ofFirst = _first.LastStep();
        (string Table, DateTime? At) staged = followers.Prepend(first)
            .Select(static table => (Table: table, At: new TableOnDisk(table).NewestStaged())).MaxBy(static table => table.At);
        return ofFirst is ProtocolStep.Reading or ProtocolStep.StagingFiles && staged.At >= startedUtc
            ? new TableStep(Path.GetFileName(staged.Table), ProtocolStep.StagingFiles)
            : new TableStep(Path.GetFileName(first), ofFirst);
    }
}
