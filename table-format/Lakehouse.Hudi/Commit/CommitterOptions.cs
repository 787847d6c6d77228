using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>Settings of a committer. They bear on liveness and size; safety depends on none of them.</summary>
public sealed record CommitterOptions
{
    /// <summary>How long another worker's undecided claim is watched before it is aborted.</summary>
    public TimeSpan ClaimDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets one sentence whenever this committer overrules another or is overruled.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>How often such a claim is looked at.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a committer that has waited longer is let go first.</summary>
    public TimeSpan Courtesy { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Instants that stay on the active timeline at least; older ones are pruned a tenth of that at a time, so that there are never more than
    /// 300.
    /// </summary>
    public int ActiveInstantsKept { get; init; } = 270;

    /// <summary>How old a pruned instant's number must be before its claim and outcome go too.</summary>
    public TimeSpan NumberRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Opens a follower table by its location; needed only where committables have followers.</summary>
    public Func<string, CancellationToken, Task<HudiTable>>? OpenFollower { get; init; }

    /// <summary>Locations of the tables that follow: they are recovered with the primary one.</summary>
    public ImmutableArray<string> Followers { get; init; } = [];
}
