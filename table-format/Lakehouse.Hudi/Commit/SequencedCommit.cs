using System.Collections.Immutable;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Carries out, for one table, what <see cref="CommitDecision"/> decides, until a proposal is committed, done or void:
/// 1. look at the sequence; publish, roll followers forward, abort or wait as decided;
/// 2. put claim n; when won, look for higher numbers: if there are any, we slept through a pruning and start over;
/// 3. copy the files into the claim's staging folder with the instant patched in, beside them the instant's own file;
/// 4. put outcome n: the commit point; 5. publish it.
/// Not thread safe: one per table and process.
/// </summary>
internal sealed class SequencedCommit(
    HudiTable table, string worker, string attempt, CommitterOptions options, TimeProvider time, Random random)
{
    private const int StepsMax = 100_000;
    private const int LooksForTakenMax = 3;
    private const int CopiesAtATime = 8;
    private readonly WaitingLine _line = new(table.Store, options, time, random);
    private readonly Dictionary<string, long> _watchedSince = new(StringComparer.Ordinal);
    private readonly HashSet<string> _abortedLives = new(StringComparer.Ordinal);
    private Outcome? _known;
    private long _rolledForward;
    private int _looksForTaken;

    internal HudiTable Table => table;

    /// <summary>
    /// The newest outcome when <see cref="RunAsync"/> without a proposal ended: what it decided was visible then, in its followers too.
    /// Null before the first.
    /// </summary>
    internal Outcome? Settled => _known;

    private IObjectStore Store => table.Store;

    /// <summary>
    /// Commits a proposal, or with none only finishes what others left. Null: there was no proposal.
    /// </summary>
    /// <param name="proposal">What to commit.</param>
    /// <param name="rollForward">Brings an outcome's files into its followers.</param>
    /// <param name="cancellation">Gives up; what is decided by then stands.</param>
    /// <param name="staysInLine">A conflict is answered by planning again, so the place in the <see cref="WaitingLine"/> is kept: whoever
    /// asks for that calls <see cref="LeaveLineAsync"/> at the end.</param>
    internal async Task<CommitResult?> RunAsync(
        Proposal? proposal, Func<Outcome, CancellationToken, Task> rollForward, CancellationToken cancellation, bool staysInLine = false)
    {
        try
        {
            return await LookAndActAsync(proposal, rollForward, cancellation);
        }
        finally
        {
            if (proposal is not null && !staysInLine)
            {
                await _line.LeaveAsync();
            }
        }
    }

    internal ValueTask LeaveLineAsync() => _line.LeaveAsync();

    private async Task<CommitResult?> LookAndActAsync(
        Proposal? proposal, Func<Outcome, CancellationToken, Task> rollForward, CancellationToken cancellation)
    {
        await table.CheckUnchangedAsync(cancellation);
        for (int steps = 0; steps < StepsMax; steps++)
        {
            SequenceView view = await SequenceFolder.LookAsync(Store, _known, cancellation);
            _known = view.Newest;
            SequenceBase found = await BaseAsync(view, cancellation);
            CommitStep step = CommitDecision.Next(
                view, found, proposal, _rolledForward >= found.Number, IsOwn(view.Pending), WatchedFor(view.Pending), options.ClaimDeadline);
            switch (step)
            {
                case CommitStep.Publish publish:
                    await Publication.PublishAsync(table, publish.Outcome, cancellation);
                    break;
                case CommitStep.RollForward roll:
                    await rollForward(roll.Outcome, cancellation);
                    _rolledForward = roll.Outcome.Number;
                    break;
                case CommitStep.AlreadyDone:
                    return new CommitResult.AlreadyCommitted();
                case CommitStep.GiveUp giveUp:
                    await _line.WantAsync(found.Number + 1, cancellation);
                    return new CommitResult.Conflicted(giveUp.Reason);
                case CommitStep.Abort abort:
                    _abortedLives.Add(abort.Claim.Attempt);
                    await OverruleAsync(found, abort.Claim, cancellation);
                    break;
                case CommitStep.Wait:
                    await Task.Delay(options.PollInterval, time, cancellation);
                    break;
                case CommitStep.Take take:
                    await _line.WantAsync(take.Number, cancellation);
                    if (await _line.LetsOthersGoFirstAsync(view.Waiting, cancellation))
                    {
                        await Task.Delay(options.PollInterval, time, cancellation);
                    }
                    else if (await TakeAsync(found, take.Number, proposal!, rollForward, cancellation) is { } committed)
                    {
                        return committed;
                    }

                    break;
                default:
                    return null;
            }
        }

        throw new HudiException(Store.Root, "other committers leave no number free; see .hoodie/.sequence for who they are.");
    }

    /// <summary>Claims a number and decides it. Null: look again.</summary>
    private async Task<CommitResult?> TakeAsync(
        SequenceBase found,
        long number,
        Proposal proposal,
        Func<Outcome, CancellationToken, Task> rollForward,
        CancellationToken cancellation)
    {
        string? last = Later(found.LastInstant, (await ActiveTimeline.LoadAsync(Store, cancellation)).LastInstant);
        var claim = new Claim(
            number, proposal.Action, InstantTime.Next(time.GetUtcNow(), last), worker, attempt, NonceText.Next(random));
        if (await ConditionalPut.OnceAsync(Store, SequenceFolder.ClaimPath(number), claim.ToJson(), cancellation) != PutResult.Created
            || await SequenceFolder.HasHigherAsync(Store, number, cancellation))
        {
            return null;
        }

        Outcome outcome;
        try
        {
            (long floor, string? floorInstant) = await FloorSearch.RunAsync(
                Store, found, claim, (proposal as FollowerProposal)?.Follows, options.ActiveInstantsKept, cancellation);
            outcome = proposal.Compose(table, found, claim, floor, floorInstant);
            await StageAsync(proposal, claim, outcome, cancellation);
            if (proposal.FindGoneAsync is { } find && await find(cancellation) is { } missing)
            {
                // Followers copy their files after the outcome, so until then they must have them.
                await AbortAsync(found, claim, CancellationToken.None);
                return Gone(missing);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Nothing is public. Free the number at once rather than let others watch it; when it was aborted under us, look again.
            bool ours = await AbortAsync(found, claim, CancellationToken.None);
            if (!ours && e is not OperationCanceledException)
            {
                SayOverruled(claim);
                return null;
            }

            bool isOwn = proposal is IngestProposal or ReplayProposal or ReplaceProposal;
            if (e is ObjectStoreException && await GoneAsync(proposal.Files, CancellationToken.None) is { } gone
                && (isOwn || _looksForTaken++ < LooksForTakenMax))
            {
                return isOwn ? Gone(gone) : null; // Who else rolled a follower forward deletes its staging: look whether that is done.
            }

            throw;
        }

        if (!await DecideAsync(found, claim, outcome, cancellation))
        {
            return null;
        }

        // < The commit is decided: from here on only a dead process stops, and then somebody else goes on.
        if (outcome is { HasFollowers: true, FollowersGoFirst: true })
        {
            await rollForward(outcome, CancellationToken.None);
        }

        await Publication.PublishAsync(table, outcome, CancellationToken.None);
        if (outcome is { HasFollowers: true, FollowersGoFirst: false })
        {
            await rollForward(outcome, CancellationToken.None);
        }

        _rolledForward = number;
        if (outcome.Floor > found.Floor)
        {
            await PruneAsync(CancellationToken.None);
        }

        return new CommitResult.Committed(number, claim.Instant);
    }

    /// <summary>The first staged file that is not there any more, or null.</summary>
    internal async Task<ObjectPath?> GoneAsync(ImmutableArray<StagedFile> files, CancellationToken cancellation)
    {
        var gone = new ObjectPath?[files.Length];
        await SideBySide.RunAsync(
            Enumerable.Range(0, files.Length),
            SideBySide.RequestsAtATime,
            async (i, stop) => gone[i] = await Store.StatAsync(files[i].StagedPath, stop) is null ? files[i].StagedPath : null,
            cancellation);
        return gone.FirstOrDefault(static path => path is not null);
    }

    private static CommitResult.Conflicted Gone(ObjectPath path) =>
        new($"'{path}' is gone: a newer life of this worker, or a clean, has tidied up after this one.");

    /// <summary>
    /// Finishes what others left, takes instants off the timeline that do not belong there and deletes what decided numbers have left.
    /// Returns the sequence as it is then.
    /// </summary>
    internal async Task<SequenceView> RecoverAsync(Func<Outcome, CancellationToken, Task> rollForward, CancellationToken cancellation)
    {
        await StoreProbe.RunAsync(Store, random, cancellation);
        await RunAsync(null, rollForward, cancellation);
        await PruneAsync(cancellation);
        SequenceView view = await SequenceFolder.LookAsync(Store, cancellation);
        await Pruning.RemoveLeftoversAsync(Store, view, time.GetUtcNow(), cancellation);
        return view;
    }

    /// <summary>
    /// Decides a claim that was put so long ago that its owner is given up. Whoever has something to commit does so without asking the time;
    /// this is for a table that nobody commits to any more. A clock that is wrong costs a slow owner its number, no more.
    /// </summary>
    internal async Task GiveUpClaimAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        SequenceView view = await SequenceFolder.LookAsync(Store, _known, cancellation);
        if (view is { Published: true, Pending: { } claim }
            && await Store.StatAsync(SequenceFolder.ClaimPath(claim.Number), cancellation) is { } put && put.Modified < before)
        {
            await OverruleAsync(await BaseAsync(view, cancellation), claim, cancellation);
        }
    }

    private async Task<SequenceBase> BaseAsync(SequenceView view, CancellationToken cancellation) =>
        view.Newest is { } newest ? SequenceBase.After(newest) : await SequenceBase.FromTimelineAsync(Store, cancellation);

    private async Task PruneAsync(CancellationToken cancellation)
    {
        SequenceView view = await SequenceFolder.LookAsync(Store, _known, cancellation);
        await Pruning.RunAsync(Store, view, time.GetUtcNow() - options.NumberRetention, cancellation);
    }

    private async Task StageAsync(Proposal proposal, Claim claim, Outcome outcome, CancellationToken cancellation)
    {
        byte[] instant = System.Text.Encoding.ASCII.GetBytes(claim.Instant);
        Task staged = outcome.Commit is { } commit
            ? Store.PutAsync(outcome.InstantFile.Staged, commit.ToJson(), cancellation)
            : Task.CompletedTask;
        Task copied = SideBySide.RunAsync(
            proposal.Files,
            CopiesAtATime,
            (file, stop) =>
            {
                OutcomeFile names = OutcomePlan.File(file, claim);
                byte[] fileName = System.Text.Encoding.UTF8.GetBytes(names.Final.Name);
                var summary = new ParquetFileSummary(file.RowCount, file.ByteCount, file.PatchPoints);
                IReadOnlyList<Patch> patches = ParquetPatches.For(
                    summary,
                    new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal)
                    {
                        [MetaColumns.CommitTime] = instant,
                        [MetaColumns.FileName] = fileName,
                    });
                return Store.CopyPatchedAsync(file.StagedPath, names.Staged, patches, stop);
            },
            cancellation);
        await Task.WhenAll(copied, staged);
    }

    /// <summary>Puts the outcome. False when the claim had been aborted.</summary>
    private async Task<bool> DecideAsync(SequenceBase found, Claim claim, Outcome outcome, CancellationToken cancellation)
    {
        byte[] json = outcome.ToJson();
        try
        {
            if (await ConditionalPut.OnceAsync(Store, SequenceFolder.OutcomePath(claim.Number), json, cancellation) == PutResult.Created)
            {
                return true;
            }
        }
        catch (Exception e) when (e is ObjectStoreException { OutcomeIsUnknown: true } or OperationCanceledException)
        {
            // The put may still arrive. Putting `aborted` settles it: whichever of the two is there first stands.
            if (!await AbortAsync(found, claim, CancellationToken.None)
                && await SequenceFolder.ReadOutcomeAsync(Store, claim.Number, CancellationToken.None) is { IsCommitted: true } stands
                && stands.Nonce == claim.Nonce)
            {
                return true;
            }

            cancellation.ThrowIfCancellationRequested();
            return false;
        }

        SayOverruled(claim);

        // Somebody aborted us. Its put won, so deleting our staging is its right and its duty; the copies are ours to tidy up as well.
        await Pruning.DeleteFolderAsync(Store, claim.Staging, cancellation);
        return false;
    }

    private async Task OverruleAsync(SequenceBase found, Claim claim, CancellationToken cancellation)
    {
        if (await AbortAsync(found, claim, cancellation))
        {
            options.Say?.Invoke(FormattableString.Invariant($"aborted claim {claim.Number} of {claim.Worker}, ")
                + (claim.Worker == worker
                    ? "an earlier life of this worker; nothing of it was visible."
                    : $"which had not decided it within {options.ClaimDeadline}; nothing of it was visible, and it will find out."));
        }
    }

    private void SayOverruled(Claim claim) => options.Say?.Invoke(FormattableString.Invariant($"claim {claim.Number} was aborted by another ")
        + "committer while this process was paused, cut off or slow; looking at the table again before anything else.");

    /// <summary>Decides a claim as aborted and, only if that put won, deletes its staging. True when it won.</summary>
    private async Task<bool> AbortAsync(SequenceBase found, Claim claim, CancellationToken cancellation)
    {
        Outcome aborted = OutcomePlan.Aborted(found, claim);
        if (await ConditionalPut.OnceAsync(Store, SequenceFolder.OutcomePath(claim.Number), aborted.ToJson(), cancellation)
            != PutResult.Created)
        {
            return false;
        }

        await Pruning.DeleteFolderAsync(Store, claim.Staging, cancellation);
        return true;
    }

    /// <summary>
    /// Whether a claim is our own or an earlier life's, which is dead. One that claims again after we have aborted it lives: it was started
    /// twice, and is watched like any other, or the two would abort each other for ever.
    /// </summary>
    private bool IsOwn(Claim? pending) => pending is not null && pending.Worker == worker
        && (pending.Attempt == attempt || !_abortedLives.Contains(pending.Attempt));

    private TimeSpan WatchedFor(Claim? pending)
    {
        if (pending is null)
        {
            _watchedSince.Clear();
            return TimeSpan.Zero;
        }

        if (!_watchedSince.TryGetValue(pending.Nonce, out long since))
        {
            _watchedSince.Clear();
            _watchedSince[pending.Nonce] = since = time.GetTimestamp();
        }

        return time.GetElapsedTime(since);
    }

    private static string? Later(string? one, string? other) => string.CompareOrdinal(one, other) >= 0 ? one : other;
}
