namespace Lakehouse.Hudi;

/// <summary>How a commit ended.</summary>
public abstract record CommitResult
{
    private protected CommitResult()
    {
    }

    /// <summary>The committable is in the table, and so are its followers' files in theirs.</summary>
    /// <param name="Sequence">Its number.</param>
    /// <param name="Instant">Its instant.</param>
    public sealed record Committed(long Sequence, string Instant) : CommitResult;

    /// <summary>An earlier try of the same checkpoint had already committed it.</summary>
    public sealed record AlreadyCommitted : CommitResult;

    /// <summary>The table has moved: the committable is void and its author must start again from the table's ledger.</summary>
    /// <param name="Reason">What does not fit.</param>
    public sealed record Conflicted(string Reason) : CommitResult;
}
