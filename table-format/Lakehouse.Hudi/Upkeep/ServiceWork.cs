using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>What a number does to a table that brings no rows. Decided by its outcome, carried out by whoever publishes it.</summary>
internal abstract record ServiceWork
{
    private ServiceWork()
    {
    }

    /// <summary>Deletes files that nothing needs.</summary>
    internal sealed record Clean(CleanPlan Plan) : ServiceWork;

    /// <summary>Undoes instants, newest first, in this table and before that in those that follow it.</summary>
    /// <param name="Target">The newest instant that stays; null in a follower, whose instants are chosen by the primary's numbers.</param>
    /// <param name="Undone">What goes, newest first.</param>
    /// <param name="Followers">What goes back in other tables.</param>
    internal sealed record Restore(
        string? Target, ImmutableArray<UndoneInstant> Undone, ImmutableArray<UndoneFollower> Followers) : ServiceWork;

    /// <summary>Begins to keep an instant.</summary>
    internal sealed record CreateSavepoint(Savepoint Savepoint) : ServiceWork;

    /// <summary>Ends keeping it.</summary>
    internal sealed record DeleteSavepoint(Savepoint Savepoint) : ServiceWork;
}

/// <summary>An instant that a restore undoes.</summary>
/// <param name="Number">Its number in the sequence.</param>
/// <param name="Instant">The instant.</param>
/// <param name="Action"><c>commit</c> or <c>replacecommit</c>.</param>
/// <param name="Files">The files that it wrote.</param>
public sealed record UndoneInstant(long Number, string Instant, string Action, ImmutableArray<NamedFile> Files);

/// <summary>What a restore takes back in a table that follows.</summary>
/// <param name="Location">Where that table is.</param>
/// <param name="Numbers">The numbers of the primary whose share goes back, ascending.</param>
/// <param name="RowCount">By how many rows the table shrinks; less than zero where replayed dead letters come back to it.</param>
public sealed record UndoneFollower(string Location, ImmutableArray<long> Numbers, long RowCount)
{
    /// <summary>
    /// Its instants that took those over, newest first. Named when the restore is planned: when it is carried out their numbers may be pruned.
    /// </summary>
    public ImmutableArray<UndoneInstant> Instants { get; init; } = [];
}
