using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>A table as it is when file groups are chosen that shall be replaced.</summary>
/// <param name="Snapshot">Its files; everything that is decided is visible in it.</param>
public sealed record ReplaceBase(TableSnapshot Snapshot)
{
    private readonly HashSet<(string PartitionPath, string FileId)> _live =
        [.. Snapshot.FileSlices.Select(static s => (s.PartitionPath, s.FileId))];

    /// <summary>The newest instant that had replaced file groups, or null.</summary>
    internal string? ReplacedAt { get; init; }

    /// <summary>The history epoch.</summary>
    internal long HistoryEpoch { get; init; }

    /// <summary>Whether every file group of a replacement is live here, so that it may be proposed anew.</summary>
    public bool Has(IEnumerable<ReplacedGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return groups.All(g => _live.Contains((g.PartitionPath, g.FileId)));
    }
}

/// <summary>
/// Puts new file groups in the place of others, through a table's sequence and beside its writers:
/// 1. <see cref="SettleAsync"/>: finish what is decided, then read which files make up the table.
/// 2. The caller stages new files below <see cref="StagingFolder"/>, unseen.
/// 3. <see cref="CommitAsync"/>: one replacecommit that names the new groups and the old ones. It fits only while nothing has replaced
/// file groups since step 1 and the history is the same; else the caller begins again at 1, and may propose the same files again when what
/// they replace is still live.
/// Rows of later commits are not touched. The old files stay on storage, for readers at older instants, until a clean. One per process;
/// not thread safe.
/// </summary>
public sealed class TableReplacement
{
    private readonly SequencedCommit _sequence;
    private readonly FollowerTables _followers;
    private readonly Random _random;
    private readonly string _purpose;
    private readonly string _name;
    private int _stagingFolders;

    /// <summary>Prepares replacements; nothing is touched.</summary>
    /// <param name="table">The table.</param>
    /// <param name="purpose">What it is for, a word for names.</param>
    /// <param name="options">Settings; with how to open the tables that follow, where there are any.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where names come from; must differ between processes.</param>
    public TableReplacement(HudiTable table, string purpose, CommitterOptions options, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);

        // A name of its own: whoever has the same one would abort the other's claims.
        string nonce = NonceText.Next(random);
        string name = $"{purpose}-{nonce}";
        SequencedCommit Sequence(HudiTable one) => new(one, name, name, options, time, random);
        (Table, _purpose, _name, _random) = (table, purpose, nonce, random);
        _sequence = Sequence(table);
        _followers = new FollowerTables(table, options.OpenFollower, Sequence);
    }

    /// <summary>The table.</summary>
    public HudiTable Table { get; }

    /// <summary>Refuses a store that does not honour put-if-absent.</summary>
    public Task ProbeAsync(CancellationToken cancellation) => StoreProbe.RunAsync(Table.Store, _random, cancellation);

    /// <summary>What the names of its staging folders begin with, and no other's.</summary>
    public string StagingPrefix => $"{_purpose}-files-{_name}-";

    /// <summary>A new folder for files that are not part of the table yet.</summary>
    public ObjectPath StagingFolder() => HudiTable.StagingFolder(_purpose, "files", _name, _stagingFolders++);

    /// <summary>Deletes a staging folder: of what was committed there are copies.</summary>
    public Task DeleteStagingAsync(ObjectPath folder) => Pruning.DeleteFolderAsync(Table.Store, folder, CancellationToken.None);

    /// <summary>
    /// Deletes what a dead process has staged, by the <see cref="StagingPrefix"/> that it had. One that lives loses its work by that, no more.
    /// </summary>
    public static async Task DeleteStagingAsync(HudiTable table, string prefix, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        List<ObjectPath> folders = [];
        await foreach (ObjectStat stat in table.Store.ListAsync(HudiTable.TemporaryFolder, recursive: false, cancellation))
        {
            if (stat.IsFolder && stat.Path.Name.StartsWith(prefix, StringComparison.Ordinal))
            {
                folders.Add(stat.Path);
            }
        }

        foreach (ObjectPath folder in folders)
        {
            await Pruning.DeleteFolderAsync(table.Store, folder, cancellation);
        }
    }

    /// <summary>
    /// The table with everything that is decided; null when it holds nothing. Throws <see cref="HudiException"/> for a table that follows
    /// another one.
    /// </summary>
    public async Task<ReplaceBase?> SettleAsync(CancellationToken cancellation)
    {
        // < What is read shows this number: one that is decided since may not be visible yet, and if it replaces anything this does not fit.
        await _sequence.RunAsync(null, _followers.RollForwardAsync, cancellation);
        if (_sequence.Settled is not { State.Instant: { } instant } newest)
        {
            return null;
        }

        if (!newest.Followed.IsEmpty)
        {
            throw new HudiException(Table.Store.Root,
                "its rows come with the commits of another table, which counts them and may take them back; files are replaced in that one only.");
        }

        return new ReplaceBase(await Table.SnapshotAsync(instant, cancellation))
        {
            ReplacedAt = newest.Upkeep.ReplacedAt,
            HistoryEpoch = newest.State.Ledger.HistoryEpoch,
        };
    }

    /// <summary>
    /// Commits what is staged. When this throws, nobody knows until <see cref="SettleAsync"/> has read the table. The place in the line of
    /// those who wait stays until <see cref="LeaveLineAsync"/>.
    /// </summary>
    public async Task<CommitResult> CommitAsync(ReplaceBase on, Replacement what, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(on);
        ArgumentNullException.ThrowIfNull(what);
        var proposal = new ReplaceProposal(on.ReplacedAt, on.HistoryEpoch, what);
        CommitResult? result = await _sequence.RunAsync(proposal, _followers.RollForwardAsync, cancellation, staysInLine: true);
        Invariant.Holds(result is not null, "A proposal has a result.");
        return result;
    }

    /// <summary>Nothing more is to be committed.</summary>
    public ValueTask LeaveLineAsync() => _sequence.LeaveLineAsync();
}
