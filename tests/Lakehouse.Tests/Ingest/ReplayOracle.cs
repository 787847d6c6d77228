using Lakehouse.Hudi;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Ingest;

/// <summary>
/// At every moment of a replay: no record is twice in one table or in two of rows, none is nowhere unless the replay that filtered it is
/// visible, and a record is a row and a dead letter only while the dead letters have not followed. By the rule of Hudi's Java readers and by
/// that of hudi-rs.
/// </summary>
internal sealed class ReplayOracle(ReplayBench bench)
{
    private readonly List<string> _all = [];

    /// <summary>Throws when any of it does not hold. The first call notes which records there are.</summary>
    internal async Task CheckAsync()
    {
        List<string> rows = await bench.SeqnosAsync(ReplayBench.Table);
        foreach (string route in bench.Routes.Locations)
        {
            rows.AddRange(await bench.SeqnosAsync(route));
        }

        rows.Sort(StringComparer.Ordinal);
        List<string> letters = await bench.SeqnosAsync(ReplayBench.Letters);
        Assert.Equal(rows.Distinct(), rows);
        Assert.Equal(letters.Distinct(), letters);
        if (_all.Count == 0)
        {
            _all.AddRange(rows.Union(letters).Order(StringComparer.Ordinal));
        }

        HudiTable table = await bench.OpenAsync(ReplayBench.Table);
        TableSnapshot snapshot = await table.SnapshotAsync(null, Stop);
        long filtered = snapshot.Timeline.SelectMany(static i => i.Metadata.Replayed).Sum(static r => r.Filtered);
        int missing = _all.Except(rows).Except(letters).Count();
        Assert.True(missing <= filtered, $"{missing} records are nowhere, {filtered} were filtered");
        if (rows.Intersect(letters).Any())
        {
            HudiTable dead = await bench.OpenAsync(ReplayBench.Letters);
            SequenceStatus primary = await SequenceReader.ReadAsync(table, Stop);
            SequenceStatus follower = await SequenceReader.ReadAsync(dead, Stop);
            bool isBehind = follower.FollowedNumber(primary.TableId) < primary.Outcomes[^1].Number || !follower.NewestIsPublished;
            Assert.True(isBehind, "records are in both tables although the dead letters have followed");
        }

        foreach (string location in bench.Locations)
        {
            HudiTable one = await bench.OpenAsync(location);
            TableSnapshot now = await one.SnapshotAsync(null, Stop);
            Assert.Equal(
                now.FileSlices.Select(static s => s.Path), (await HudiRsRule.SelectAsync(one.Store, now, Stop)).Order());
        }
    }
}
