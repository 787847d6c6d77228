using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Hudi;

/// <summary>What a table holds as of one instant.</summary>
/// <param name="Ends">Per source partition up to which offset.</param>
/// <param name="Erased">Of these records those that were taken out again.</param>
internal sealed record Moment(ImmutableSortedDictionary<int, long> Ends, ImmutableHashSet<(int Partition, long Offset)> Erased);

/// <summary>
/// The one oracle: what readers see is the fold of the log up to the ledger of the newest visible commit, by the rule of Hudi's Java
/// readers and by the rule of hudi-rs, at every moment and at every instant that is still kept. What it knows it learned by looking on.
/// </summary>
/// <param name="store">The table's store; a memory, so that looking takes no time.</param>
internal sealed class TableOracle(IObjectStore store)
{
    private static readonly ObjectPath _sequence = new(".hoodie/.sequence");
    private readonly SortedDictionary<string, CompletedInstant> _timeline = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Moment> _moments = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectPath, (ObjectStat Stat, ImmutableArray<TextRow> Rows)> _files = [];
    private readonly Dictionary<(string Partition, string FileId), ImmutableArray<TextRow>> _groups = [];
    private readonly HashSet<ObjectPath> _partitions = [];
    private readonly HashSet<string> _undone = new(StringComparer.Ordinal);

    /// <summary>Records that are dead letters and no rows of this table.</summary>
    internal Func<int, long, bool> IsDead { get; init; } = static (_, _) => false;

    /// <summary>Draws which older instant is looked at too; without it all are.</summary>
    internal Random? Draw { get; init; }

    /// <summary>The newest outcome.</summary>
    internal Outcome? Newest { get; private set; }

    /// <summary>Data files that went, so far.</summary>
    internal long FilesDeleted { get; private set; }

    /// <summary>The instants on the timeline now, in order.</summary>
    internal IEnumerable<string> Visible => _timeline.Keys;

    /// <summary>Whether an instant is or was visible.</summary>
    internal bool HasSeen(string instant) => _moments.ContainsKey(instant);

    /// <summary>What the table held as of an instant that is or was visible.</summary>
    internal Moment At(string instant) => _moments[instant];

    /// <summary>What the table holds now.</summary>
    internal Moment? Now => _timeline.Count == 0 ? null : _moments[_timeline.Keys.Last()];

    /// <summary>
    /// Looks at everything anew, for tests that go step by step. Throws when any promise is broken. Returns up to which offset of the first
    /// source partition the table visibly is.
    /// </summary>
    internal async Task<long> CheckAsync()
    {
        var there = new HashSet<ObjectPath>();
        await foreach (ObjectStat entry in store.ListAsync(default, recursive: true, CancellationToken.None))
        {
            there.Add(entry.Path);
        }

        ObjectPath[] known = [.. _files.Keys, .. _timeline.Values.Select(static i => CompletedPath(i.Time, i.Action))];
        foreach (ObjectPath path in known.Where(path => !there.Contains(path)))
        {
            Look(path);
        }

        // What a commit names comes before it.
        there.ExceptWith(known);
        foreach (ObjectPath path in there.OrderBy(static path => path.Parent == TimelineFile.Folder).ThenBy(static path => path))
        {
            Look(path);
        }

        Check();
        return Now?.Ends.GetValueOrDefault(0) ?? 0;
    }

    /// <summary>Looks at what has changed and, where a reader can see it, checks. Returns an outcome that was just decided, else null.</summary>
    internal Outcome? Changed(ObjectPath path)
    {
        Outcome? before = Newest;
        if (Look(path))
        {
            Check();
        }

        return ReferenceEquals(before, Newest) ? null : Newest;
    }

    /// <summary>Whether rows are exactly those that the table held as of an instant; if not, in which way.</summary>
    internal string? WhyNot(string instant, IEnumerable<TextRow> rows)
    {
        Moment moment = _moments[instant];
        List<(int, long)> actual = [.. rows.Select(static r => (r.Partition, r.Offset))];
        List<(int, long)> expected = [];
        foreach ((int partition, long end) in moment.Ends)
        {
            for (long offset = 0; offset < end; offset++)
            {
                if (!IsDead(partition, offset) && !moment.Erased.Contains((partition, offset)))
                {
                    expected.Add((partition, offset));
                }
            }
        }

        actual.Sort();
        return actual.SequenceEqual(expected) ? null
            : $"at {instant} the table shows [{string.Join(",", actual)}], its ledger ends at {string.Join(",", moment.Ends)}; "
                + $"missing [{string.Join(",", expected.Except(actual))}], too many [{string.Join(",", actual.Except(expected))}], "
                + $"erased [{string.Join(",", moment.Erased)}]";
    }

    /// <summary>Throws when any promise is broken.</summary>
    internal void Check()
    {
        CheckOrder();
        if (_timeline.Count == 0)
        {
            return;
        }

        string[] instants = [.. _timeline.Keys];
        CheckAt(instants[^1], isNewest: true);
        foreach (string instant in Draw is null ? instants[..^1] : [instants[Draw.Next(instants.Length)]])
        {
            CheckAt(instant, instant == instants[^1]);
        }
    }

    /// <summary>Takes in what is at a path now. True when readers may notice.</summary>
    private bool Look(ObjectPath path)
    {
        byte[]? content = store.GetAsync(path, CancellationToken.None).GetAwaiter().GetResult();
        if (path.Value.StartsWith(_sequence.Value, StringComparison.Ordinal))
        {
            TakeOutcome(path, content);
            return false;
        }

        if (path.Parent == TimelineFile.Folder)
        {
            return TimelineFile.TryParse(path.Name, out TimelineFile file)
                && file is { State: InstantState.Completed, Action: TimelineFile.Commit or TimelineFile.ReplaceCommit }
                && TakeInstant(file, content);
        }

        if (path.Value.StartsWith(".hoodie/", StringComparison.Ordinal))
        {
            return false;
        }

        return path.Name == PartitionPath.MetadataName ? _partitions.Add(path.Parent) : TakeFile(path, content);
    }

    private void TakeOutcome(ObjectPath path, byte[]? content)
    {
        if (content is null || !path.Name.EndsWith(".outcome", StringComparison.Ordinal))
        {
            return;
        }

        Outcome outcome = Outcome.FromJson(content, path.Value);
        if (outcome.Number <= (Newest?.Number ?? 0))
        {
            return;
        }

        Newest = outcome;
        foreach (UndoneInstant undone in outcome.Service is ServiceWork.Restore restore ? restore.Undone : [])
        {
            _undone.Add(undone.Instant);
        }
    }

    private bool TakeInstant(TimelineFile file, byte[]? content)
    {
        if (content is null)
        {
            return _timeline.Remove(file.Instant);
        }

        if (_timeline.ContainsKey(file.Instant))
        {
            return false;
        }

        var instant = new CompletedInstant(file.Instant, file.Action, CommitMetadata.FromJson(content, file.Instant));
        _timeline.Add(file.Instant, instant);
        if (_moments.ContainsKey(file.Instant))
        {
            return true;
        }

        Moment? last = null;
        foreach ((string time, Moment moment) in _moments)
        {
            Assert.True(string.CompareOrdinal(time, file.Instant) < 0, $"{file.Instant} became visible after {time}");
            last = _undone.Contains(time) ? last : moment;
        }

        foreach (WriteStat stat in instant.Metadata.WriteStats)
        {
            Assert.True(
                _files.TryGetValue(new ObjectPath(stat.Path), out (ObjectStat Stat, ImmutableArray<TextRow> Rows) written)
                    && written.Stat.Size == stat.ByteCount && written.Rows.Length == stat.RowCount,
                $"{stat.Path} is not what its commit says");
            Assert.True(
                file.Action != TimelineFile.Commit || written.Rows.All(r => r.Epoch == instant.Metadata.Ledger!.HistoryEpoch),
                $"{file.Instant}, of history {instant.Metadata.Ledger!.HistoryEpoch}, has rows that were read in another");
        }

        (int, long)[] erased = [.. Erased(instant.Metadata)];
        Assert.True(erased.Length == 0 || !instant.Metadata.IsMerge, $"merge {file.Instant} lost {string.Join(",", erased)}");
        _moments.Add(file.Instant, new Moment(
            instant.Metadata.Ledger!.Entries.ToImmutableSortedDictionary(static e => e.Key.Partition, static e => e.Value.EndOffset),
            (last?.Erased ?? []).Union(erased)));
        return true;
    }

    /// <summary>What was in the replaced file groups and is not in those that came instead.</summary>
    private IEnumerable<(int, long)> Erased(CommitMetadata metadata) => metadata.ReplacedGroups
        .SelectMany(group => _groups[group])
        .Select(static r => (r.Partition, r.Offset))
        .Except(metadata.WriteStats.SelectMany(s => _groups[(s.PartitionPath, s.FileId)]).Select(static r => (r.Partition, r.Offset)));

    private bool TakeFile(ObjectPath path, byte[]? content)
    {
        if (content is null)
        {
            FilesDeleted++;
            return _files.Remove(path);
        }

        if (_files.ContainsKey(path))
        {
            return false;
        }

        ImmutableArray<TextRow> rows = TextFiles.Read(path, content);
        _files.Add(path, (new ObjectStat(path, content.Length, default), rows));
        Assert.True(DataFileName.TryParse(path.Name, out DataFileName name), $"'{path}' is no data file name");
        _groups[(path.Parent.Value, name.FileId)] = rows;
        return true;
    }

    private void CheckAt(string instant, bool isNewest)
    {
        ImmutableArray<CompletedInstant> timeline = [.. _timeline.Values.Where(i => string.CompareOrdinal(i.Time, instant) <= 0)];
        ImmutableArray<FileSlice> java = FileSliceSelection.Select(
            _files.Where(f => _partitions.Contains(f.Key.Parent)).Select(static f => f.Value.Stat), timeline);
        if (!(isNewest && !_undone.Contains(instant)) && Newest?.Upkeep.IsWhole(instant) == false)
        {
            return; // A clean has taken files from it. A restore to a savepoint passes it on its way.
        }

        List<ObjectPath> rust = HudiRsRule.Select(_files.Keys, timeline, instant);
        string? wrong = WhyNot(instant, java.SelectMany(s => _files[s.Path].Rows));
        string? rusty = WhyNot(instant, rust.SelectMany(f => _files[f].Rows));
        Assert.True(wrong is null, "by the rule of Java " + wrong);
        Assert.True(rusty is null, "by the rule of hudi-rs " + rusty);
    }

    /// <summary>None goes that is neither pruned nor undone, nor one that a savepoint keeps; the newest never goes but by a restore.</summary>
    private void CheckOrder()
    {
        string? floor = Newest?.FloorInstant;
        string? newest = _moments.Keys.LastOrDefault(instant => !_undone.Contains(instant));
        foreach (string instant in _moments.Keys)
        {
            bool mayGo = (instant != newest && string.CompareOrdinal(instant, floor) < 0) || _undone.Contains(instant);
            Assert.True(_timeline.ContainsKey(instant) || mayGo, $"{instant} vanished though the floor is {floor}");
        }

        foreach (Savepoint savepoint in Newest?.Upkeep.Savepoints ?? [])
        {
            Assert.True(_timeline.ContainsKey(savepoint.Instant), $"{savepoint.Instant} vanished, which savepoint {savepoint.Name} keeps");
        }
    }

    private static ObjectPath CompletedPath(string instant, string action) =>
        new TimelineFile(instant, action, InstantState.Completed).Path;
}
