using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;
using Xunit;

namespace Lakehouse.Tests.Protocol;

/// <summary>What must hold when everybody has come to an end, a day has passed and a clean has run.</summary>
internal static class ProtocolEnd
{
    private const int InstantsBack = 5;

    internal static async Task CheckAsync(ProtocolSystem system, TableProcess self)
    {
        try
        {
            HudiTable table = await self.OpenAsync();
            await CheckRowsAsync(system, self, table);
            await DeadLetters.CheckAsync(system, self.LettersStore, self.Time, self.Random, system.Oracle.Newest!.State.Ledger);
            await CheckNothingIsLeftAsync(self.Store);
            await CheckNothingIsLeftAsync(self.LettersStore);
            TableListing listing = await TableListing.OfAsync(table, CancellationToken.None);
            TableInvariants.I1EveryFileBelongsToACompletedInstantOrToTheOnePendingOne(listing);
            TableInvariants.I2NamesParse(listing);
            TableInvariants.I3FileIdsAreUnique(listing);
            TableInvariants.I4SizesAreThoseThatCommitsName(listing);
            TableInvariants.I5NamedFilesExist(listing);
            TableInvariants.I6InstantsCompletedInOrder(listing);
            TableInvariants.I7SchemasParse(listing);
            Assert.Empty(listing.PendingInstants());
            Assert.DoesNotContain(system.Oracle.Visible, i => string.CompareOrdinal(i, system.Oracle.Newest!.FloorInstant) < 0);
        }
        catch (Exception wrong) when (wrong is not ProtocolOracleException)
        {
            throw new ProtocolOracleException(system.World.Seed, "the end", wrong);
        }
    }

    /// <summary>Everything is there, and the newest instant and five older ones are what they were.</summary>
    private static async Task CheckRowsAsync(ProtocolSystem system, TableProcess self, HudiTable table)
    {
        for (int partition = 0; partition < system.PartitionCount; partition++)
        {
            Assert.Equal(system.RecordCount, system.Oracle.Now!.Ends.GetValueOrDefault(partition)); // Complete, so there is an instant.
        }

        ImmutableArray<string> instants = await table.CompletedInstantsAsync(CancellationToken.None);
        Assert.Equal(system.Oracle.Visible, instants);
        Upkeep upkeep = system.Oracle.Newest!.Upkeep;
        foreach (string instant in instants.TakeLast(InstantsBack + 1))
        {
            TableSnapshot snapshot = await table.SnapshotAsync(instant, CancellationToken.None);
            bool isEmptied = instant != instants[^1] && !upkeep.IsWhole(instant);
            List<TextRow> rows = [];
            foreach (FileSlice slice in snapshot.FileSlices)
            {
                rows.AddRange(TextFiles.Read(slice.Path, (await self.Store.GetAsync(slice.Path, CancellationToken.None))!)); // It was listed.
            }

            string? wrong = system.Oracle.WhyNot(instant, rows);
            Assert.True(wrong is null || (isEmptied && (snapshot.WholeFrom is not null || snapshot.MissingFiles.Any())), wrong);
            if (!isEmptied)
            {
                Assert.Equal(
                    snapshot.FileSlices.Select(static s => s.Path), (await HudiRsRule.SelectAsync(self.Store, snapshot, default)).Order());
            }
        }
    }

    /// <summary>
    /// No staging, no claim that nobody has decided, no instant begun and not completed.
    /// </summary>
    private static async Task CheckNothingIsLeftAsync(IObjectStore store)
    {
        List<string> left = [];
        HashSet<string> sequence = [];
        HashSet<string> timeline = [];
        await foreach (ObjectStat entry in store.ListAsync(TimelineFile.Folder, recursive: true, CancellationToken.None))
        {
            if (entry.Path.Value.StartsWith(".hoodie/.temp/", StringComparison.Ordinal))
            {
                left.Add(entry.Path.Value);
            }
            else if (entry.Path.Value.StartsWith(".hoodie/.sequence/", StringComparison.Ordinal))
            {
                sequence.Add(entry.Path.Name);
            }
            else if (entry.Path.Parent == TimelineFile.Folder)
            {
                timeline.Add(entry.Path.Name);
            }
        }

        left.AddRange(sequence.Where(name => name.EndsWith(".claim", StringComparison.Ordinal)
            && !sequence.Contains(Path.ChangeExtension(name, ".outcome"))));
        left.AddRange(timeline.Where(name => TimelineFile.TryParse(name, out TimelineFile file) && file.State != InstantState.Completed
            && !timeline.Contains((file with { State = InstantState.Completed }).Path.Name)));
        Assert.Empty(left);
    }
}
