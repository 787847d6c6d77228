using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>
/// The one oracle: what readers see is the fold of the log up to the ledger of the newest visible commit, by the rule of Hudi's Java
/// readers and by the rule of hudi-rs, at every moment.
/// </summary>
internal sealed class TableOracle(IObjectStore store, LedgerKey key)
{
    private readonly SortedDictionary<string, long> _visibleEnds = new(StringComparer.Ordinal);
    private readonly HashSet<string> _undone = new(StringComparer.Ordinal);

    /// <summary>Throws when any promise is broken. Returns up to which offset the table visibly is.</summary>
    internal async Task<long> CheckAsync()
    {
        HudiTable table = (await HudiTable.OpenAsync(store, TimeProvider.System, new Random(1), Stop))!;
        TableSnapshot snapshot = await table.SnapshotAsync(null, Stop);
        if (snapshot.Instant is null)
        {
            return 0;
        }

        CommitMetadata newest = snapshot.Timeline[^1].Metadata;
        long end = newest.Ledger!.Entries[key].EndOffset;
        await CheckRowsAsync("Java", snapshot.FileSlices.Select(static s => s.Path), end);
        await CheckRowsAsync("hudi-rs", await HudiRsRule.SelectAsync(store, snapshot, Stop), end);
        bool cleaned = (await ActiveTimeline.LoadAsync(store, Stop)).Files.Any(static f => f.Action == TimelineFile.Clean);
        Dictionary<(string, string), string> replaced = CleanPlanning.Replaced(snapshot.Timeline);
        foreach (WriteStat stat in snapshot.Timeline.SelectMany(static i => i.Metadata.WriteStats))
        {
            ObjectStat? found = await store.StatAsync(new ObjectPath(stat.Path), Stop);
            if (found is null && cleaned && replaced.ContainsKey((stat.PartitionPath, stat.FileId)))
            {
                continue;
            }

            Assert.True(found?.Size == stat.ByteCount, $"{stat.Path} has {found?.Size} bytes, its commit says {stat.ByteCount}");
        }

        await CheckOrderAsync(snapshot);
        return end;
    }

    private async Task CheckRowsAsync(string rule, IEnumerable<ObjectPath> files, long end)
    {
        List<long> rows = [];
        foreach (ObjectPath path in files)
        {
            string text = Encoding.ASCII.GetString((await store.GetAsync(path, Stop))!);
            Assert.True(DataFileName.TryParse(path.Name, out DataFileName name), $"'{path}' is no data file name");
            Assert.StartsWith(name.Instant + path.Name + "\n", text, StringComparison.Ordinal);
            rows.AddRange(text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..].Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => long.Parse(line, CultureInfo.InvariantCulture)));
        }

        rows.Sort();
        IEnumerable<long> expected = Enumerable.Range(0, (int)end).Select(static i => (long)i);
        Assert.True(
            rows.SequenceEqual(expected),
            $"by the rule of {rule} the table shows [{string.Join(",", rows)}], its ledger ends at {end}");
    }

    /// <summary>
    /// Instants become visible in order, and none that a reader has passed appears later; none goes that is neither pruned nor undone.
    /// </summary>
    private async Task CheckOrderAsync(TableSnapshot snapshot)
    {
        string? last = _visibleEnds.Count == 0 ? null : _visibleEnds.Keys.Max();
        Outcome? now = (await SequenceFolder.LookAsync(store, Stop)).Newest;
        string? floor = now?.FloorInstant;
        foreach (VoidedInstant voided in now?.Upkeep.Voided ?? [])
        {
            _undone.Add(voided.Instant);
        }

        foreach (CompletedInstant instant in snapshot.Timeline)
        {
            if (_visibleEnds.TryAdd(instant.Time, instant.Metadata.Ledger!.Entries[key].EndOffset))
            {
                Assert.True(string.CompareOrdinal(instant.Time, last) > 0, $"{instant.Time} became visible after {last}");
            }
        }

        ImmutableHashSet<string> visible = [.. snapshot.Timeline.Select(static i => i.Time)];
        foreach (string instant in _visibleEnds.Keys)
        {
            Assert.True(
                visible.Contains(instant) || string.CompareOrdinal(instant, floor) < 0 || _undone.Contains(instant),
                $"{instant} vanished though the floor is {floor}");
        }
    }
}
