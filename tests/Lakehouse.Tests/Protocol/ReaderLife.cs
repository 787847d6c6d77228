using Lakehouse.Hudi;
using Lakehouse.Tests.Hudi;

namespace Lakehouse.Tests.Protocol;

/// <summary>
/// Somebody who reads the table again and again, a call at a time and as slowly as it comes: each time exactly what it was as of one
/// instant, or the plain fact that files are missing because a clean or a restore took them meanwhile.
/// </summary>
internal sealed class ReaderLife(TableProcess self, int readings)
{
    internal async Task RunAsync()
    {
        for (int i = 0; i < readings; i++)
        {
            await self.WaitAsync(1_500);
            await ReadAsync(self.Random.Next(2) == 0);
        }
    }

    private async Task ReadAsync(bool looksBack)
    {
        TableOracle oracle = self.System.Oracle;
        long deletedBefore = oracle.FilesDeleted;
        HudiTable table = await self.OpenAsync();
        string? at = null;
        if (looksBack && await table.CompletedInstantsAsync(CancellationToken.None) is { IsEmpty: false } instants)
        {
            at = instants[self.Random.Next(instants.Length)];
        }

        TableSnapshot snapshot = await table.SnapshotAsync(at, CancellationToken.None);
        if (snapshot.Instant is null)
        {
            return;
        }

        self.System.Tally.Readings++;
        bool isWhole = snapshot.WholeFrom is null && !snapshot.MissingFiles.Any();
        List<TextRow> rows = [];
        foreach (FileSlice slice in snapshot.FileSlices)
        {
            byte[]? content = await self.Store.GetAsync(slice.Path, CancellationToken.None);
            isWhole &= content is not null;
            rows.AddRange(content is null ? [] : TextFiles.Read(slice.Path, content));
        }

        if (isWhole && oracle.WhyNot(snapshot.Instant, rows) is { } wrong)
        {
            throw new ProtocolOracleException(self.System.World.Seed, "a reader", null, wrong);
        }

        if (!isWhole)
        {
            self.System.Tally.ReadingsLost++;
            bool isExplained = oracle.FilesDeleted > deletedBefore
                || oracle.Newest?.Upkeep.IsWhole(snapshot.Instant) == false;
            if (!isExplained)
            {
                throw new ProtocolOracleException(self.System.World.Seed, "a reader", null, $"files of {snapshot.Instant} are missing");
            }
        }
    }
}
