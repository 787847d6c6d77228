using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Tests.Hudi;
using Xunit;

namespace Lakehouse.Tests.Protocol;

/// <summary>
/// What the table of dead letters must hold whenever nothing is on its way: as many as the first table's ledger covers, each once.
/// </summary>
internal static class DeadLetters
{
    internal static async Task CheckAsync(ProtocolSystem system, IObjectStore store, TimeProvider time, Random random, Ledger ledger)
    {
        HudiTable letters = (await HudiTable.OpenAsync(store, time, random, CancellationToken.None))!; // Created first.
        List<(int, long)> rows = [];
        foreach (FileSlice slice in (await letters.SnapshotAsync(null, CancellationToken.None)).FileSlices)
        {
            byte[] content = (await store.GetAsync(slice.Path, CancellationToken.None))!; // It was listed.
            rows.AddRange(TextFiles.Read(slice.Path, content).Select(static r => (r.Partition, r.Offset)));
        }

        rows.Sort();
        Assert.Equal(
            from partition in Enumerable.Range(0, system.PartitionCount)
            from offset in Enumerable.Range(0, (int)(ledger.Entries.GetValueOrDefault(ProtocolSystem.Key(partition))?.EndOffset ?? 0))
            where system.IsDead(partition, offset)
            select (partition, (long)offset),
            rows);
    }
}
