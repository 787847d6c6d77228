namespace Lakehouse.Hudi;

/// <summary>What a committer does next.</summary>
internal abstract record CommitStep
{
    private CommitStep()
    {
    }

    /// <summary>Finish the newest committed outcome: nothing may be claimed before it is published.</summary>
    internal sealed record Publish(Outcome Outcome) : CommitStep;

    /// <summary>Bring the newest outcome's files into its follower tables: nothing may be claimed before that.</summary>
    internal sealed record RollForward(Outcome Outcome) : CommitStep;

    /// <summary>An earlier try has committed this already.</summary>
    internal sealed record AlreadyDone : CommitStep;

    /// <summary>The table has moved; the work is void.</summary>
    internal sealed record GiveUp(string Reason) : CommitStep;

    /// <summary>Decide somebody's claim as aborted.</summary>
    internal sealed record Abort(Claim Claim) : CommitStep;

    /// <summary>Somebody else is at work; look again later.</summary>
    internal sealed record Wait(Claim Claim) : CommitStep;

    /// <summary>Nothing is in the way: claim this number.</summary>
    internal sealed record Take(long Number) : CommitStep;

    /// <summary>There is nothing to propose and nothing to finish.</summary>
    internal sealed record Rest : CommitStep;
}
