using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>Composes outcomes. Pure.</summary>
internal static class OutcomePlan
{
    internal static Outcome Aborted(SequenceBase found, Claim claim) => new()
    {
        Number = claim.Number,
        IsCommitted = false,
        Action = claim.Action,
        Instant = claim.Instant,
        Worker = claim.Worker,
        Attempt = claim.Attempt,
        Nonce = claim.Nonce,
        LastCommittedInstant = found.State.Instant,
        TableId = found.TableId ?? claim.Nonce,
        State = found.State with { Sequence = claim.Number },
        Floor = found.Floor,
        FloorInstant = found.FloorInstant,
        Followed = found.Followed,
        Upkeep = found.Upkeep,
    };

    /// <summary>A service changes what is carried forward, not the floor: only commits raise that, so that one stays above it.</summary>
    internal static Outcome Served(SequenceBase found, Claim claim, ServiceProposal proposal)
    {
        ServiceWork work = proposal.Work is ServiceWork.CreateSavepoint(var savepoint)
            ? new ServiceWork.CreateSavepoint(savepoint with { CreatedAt = claim.Instant })
            : proposal.Work;
        TableState state = (proposal.After ?? found.State) with { Sequence = claim.Number };
        return Aborted(found, claim) with
        {
            IsCommitted = true,
            LastCommittedInstant = state.Instant,
            State = state,
            Followed = proposal.Follows is { } follows ? found.Following(follows) : found.Followed,
            Upkeep = UpkeepAfter(found.Upkeep, work),
            Service = work,
        };
    }

    internal static Outcome Committed(
        HudiTable table, SequenceBase found, Claim claim, FileProposal proposal, long floor, string? floorInstant)
    {
        Ledger ledger = found.State.Ledger.Advance(proposal.Ranges, proposal.Checkpoint.Path);
        ImmutableArray<Followed> followed = proposal.FollowedAfter(found);
        return new Outcome
        {
            Number = claim.Number,
            IsCommitted = true,
            Action = claim.Action,
            Instant = claim.Instant,
            Worker = claim.Worker,
            Attempt = claim.Attempt,
            Nonce = claim.Nonce,
            LastCommittedInstant = claim.Instant,
            TableId = found.TableId ?? claim.Nonce,
            State = (found.State with { Sequence = claim.Number, Instant = claim.Instant, Ledger = ledger }).With(proposal.Checkpoint),
            Floor = floor,
            FloorInstant = floorInstant,
            Followed = followed,
            Upkeep = found.Upkeep.Above(floorInstant),
            Files = [.. proposal.Files.Select(f => File(f, claim))],
            Followers = proposal.Followers,
            Commit = new CommitMetadata
            {
                OperationType = "INSERT",
                PartitionToWriteStats = Stats(proposal, claim),
                ExtraMetadata = Extra(table, ledger, proposal.Ranges, proposal.Checkpoint, followed),
            },
        };
    }

    /// <summary>Rows of a follower become rows of this table; the ledger stays, and the instant carries it on.</summary>
    internal static Outcome Replayed(
        HudiTable table, SequenceBase found, Claim claim, ReplayProposal proposal, long floor, string? floorInstant) =>
        WithFiles(table, found, claim, proposal, "INSERT", (CommitMetadata.ReplayedKey, LedgerJson.Text(proposal.Replayed))) with
        {
            Floor = floor,
            FloorInstant = floorInstant,
            Upkeep = found.Upkeep.Above(floorInstant) with { ReplayedAt = claim.Instant },
            Followers = proposal.Followers,
        };

    /// <summary>The same in the follower: file groups change places with others that hold fewer rows.</summary>
    internal static Outcome Taken(HudiTable table, SequenceBase found, Claim claim, FollowerReplaceProposal proposal)
    {
        SequenceBase after = found with { Followed = found.Following(proposal.Follows) };
        return Replacing(
            WithFiles(table, after, claim, proposal, "DELETE", (CommitMetadata.ReplayedKey, LedgerJson.Text(proposal.Replayed))),
            proposal.Work.Replaced);
    }

    /// <summary>File groups change places with others; ledger, checkpoints and floor stay, and the instant carries them on.</summary>
    internal static Outcome Replaced(HudiTable table, SequenceBase found, Claim claim, ReplaceProposal proposal)
    {
        Replacement plan = proposal.Plan;
        bool isMerge = !plan.Merged.IsEmpty;
        Invariant.Holds(
            !isMerge || (plan.RowsTaken == 0 && plan.Files.Length == plan.Merged.Length
                && plan.Files.Zip(plan.Merged).All(static m => m.First.RowCount == m.Second.Inputs.Sum(static i => i.RowCount))),
            "A merged file has all the rows of its inputs and no other.");
        Outcome outcome = isMerge
            ? WithFiles(table, found, claim, proposal, CommitMetadata.MergeOperation)
            : WithFiles(
                table, found, claim, proposal, "DELETE",
                (CommitMetadata.ErasedKey, plan.RowsTaken.ToString(CultureInfo.InvariantCulture)));
        return Replacing(outcome, plan.Replaced) with { Merged = plan.Merged };
    }

    /// <summary>An instant that moves no position: where it adds or takes rows, it says so under a key of its own.</summary>
    private static Outcome WithFiles(
        HudiTable table, SequenceBase found, Claim claim, Proposal proposal, string operation, params (string Key, string What)[] said) =>
        Aborted(found, claim) with
        {
            IsCommitted = true,
            LastCommittedInstant = claim.Instant,
            State = found.State with { Sequence = claim.Number, Instant = claim.Instant },
            Files = [.. proposal.Files.Select(f => File(f, claim))],
            Commit = new CommitMetadata
            {
                OperationType = operation,
                PartitionToWriteStats = Stats(proposal, claim),
                ExtraMetadata = Extra(table, found.State.Ledger, [], found.State.Checkpoints.LastOrDefault(), found.Followed)
                    .SetItems(said.Select(static s => KeyValuePair.Create(s.Key, s.What))),
            },
        };

    private static Outcome Replacing(Outcome outcome, ImmutableArray<ReplacedGroup> groups) => outcome with
    {
        Upkeep = outcome.Upkeep with { ReplacedAt = outcome.Instant },
        Commit = outcome.Commit! with // < WithFiles gives one
        {
            PartitionToReplaceFileIds = groups
                .GroupBy(static g => g.PartitionPath, static g => g.FileId, StringComparer.Ordinal)
                .ToImmutableSortedDictionary(static g => g.Key, static g => g.ToImmutableArray(), StringComparer.Ordinal),
        },
    };

    /// <summary>Where a staged file goes: its private copy, its final place, and the file that it comes from.</summary>
    internal static OutcomeFile File(StagedFile file, Claim claim)
    {
        string name = new DataFileName(file.FileId, file.WriteToken, claim.Instant).ToString();
        return new OutcomeFile(claim.Staging / name, new ObjectPath(file.PartitionPath) / name, file.StagedPath);
    }

    private static Upkeep UpkeepAfter(Upkeep upkeep, ServiceWork work) => work switch
    {
        ServiceWork.Clean(var plan) => upkeep with
        {
            RetainedFrom = string.CompareOrdinal(plan.RetainedFrom, upkeep.RetainedFrom) > 0 ? plan.RetainedFrom : upkeep.RetainedFrom,
            SparedFrom = plan.SparedFrom,
        },
        ServiceWork.Restore restore => upkeep with
        {
            Voided = [.. upkeep.Voided, .. restore.Undone.Select(static u => new VoidedInstant(u.Number, u.Instant, u.Action))],
        },
        ServiceWork.CreateSavepoint(var created) => upkeep with
        {
            Savepoints = [.. upkeep.Savepoints.Append(created).OrderBy(static s => s.Instant, StringComparer.Ordinal)],
        },
        ServiceWork.DeleteSavepoint(var deleted) => upkeep with
        {
            Savepoints = upkeep.Savepoints.RemoveAll(s => s.Instant == deleted.Instant),
        },
        _ => throw new InvariantViolatedException($"Unknown work {work}."),
    };

    private static ImmutableSortedDictionary<string, ImmutableArray<WriteStat>> Stats(Proposal proposal, Claim claim) => proposal.Files
        .GroupBy(static f => f.PartitionPath, StringComparer.Ordinal)
        .ToImmutableSortedDictionary(
            static g => g.Key, g => g.Select(f => Stat(f, File(f, claim).Final)).ToImmutableArray(), StringComparer.Ordinal);

    private static WriteStat Stat(StagedFile file, ObjectPath final) => new(
        file.FileId, final.Value, file.PartitionPath, file.RowCount, file.ByteCount, file.MinEventTimeMillis, file.MaxEventTimeMillis);

    private static ImmutableSortedDictionary<string, string> Extra(
        HudiTable table,
        Ledger ledger,
        ImmutableArray<OffsetRange> ranges,
        CheckpointReference? checkpoint,
        ImmutableArray<Followed> followed)
    {
        ImmutableSortedDictionary<string, string>.Builder extra =
            ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        extra[CommitMetadata.SchemaKey] = table.AvroSchema;
        if (checkpoint is not null)
        {
            extra[CommitMetadata.CheckpointKey] = Encoding.UTF8.GetString(
                JsonForm.Write(json => LedgerJson.WriteCheckpoint(json, checkpoint)));
        }

        extra[CommitMetadata.LedgerKey] = LedgerJson.Text(ledger, ranges);
        if (StreamerCheckpoint(ledger) is { } streamer)
        {
            extra[CommitMetadata.StreamerCheckpointKey] = streamer;
        }

        if (!followed.IsEmpty)
        {
            extra[SequenceBase.FollowedKey] = SequenceBase.WriteFollowed(followed);
        }

        return extra.ToImmutable();
    }

    /// <summary>Hudi Streamer's form, <c>topic,0:123,1:456</c>, which has room for one topic only.</summary>
    private static string? StreamerCheckpoint(Ledger ledger)
    {
        var sources = ledger.Entries.Keys.Select(static k => (k.Pipeline, k.Cluster, k.Topic)).Distinct().ToList();
        if (sources.Count != 1)
        {
            return null;
        }

        var text = new StringBuilder(sources[0].Topic);
        foreach ((LedgerKey key, LedgerEntry entry) in ledger.Entries)
        {
            text.Append(CultureInfo.InvariantCulture, $",{key.Partition}:{entry.EndOffset}");
        }

        return text.ToString();
    }
}
