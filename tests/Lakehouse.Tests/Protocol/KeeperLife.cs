using Lakehouse.Hudi;
using Lakehouse.Tests.Hudi;

namespace Lakehouse.Tests.Protocol;

/// <summary>One life of a process that runs the table's services, in an order drawn from the seed, beside the workers.</summary>
internal sealed class KeeperLife(TableProcess self)
{
    private readonly ProtocolSystem _system = self.System;

    internal async Task RunAsync()
    {
        HudiTable table = await self.OpenAsync();
        var upkeep = new TableUpkeep(table, self.Options, self.Time, self.Random);
        while (_system.ServicesLeft > 0)
        {
            await self.WaitAsync(_system.ServicePause);
            _system.ServicesLeft--;
            try
            {
                await ServeAsync(table, upkeep);
            }
            catch (HudiException)
            {
                // There is no such instant, a clean has emptied it, or a savepoint stands in the way.
                _system.Tally.Refusals++;
            }
        }
    }

    private async Task ServeAsync(HudiTable table, TableUpkeep upkeep)
    {
        Random random = self.Random;
        switch (random.Next(8))
        {
            case 0 or 1:
                await upkeep.CleanAsync(
                    random.Next(3) switch
                    {
                        0 => new CleanPolicy.KeepVersions(1),
                        1 => new CleanPolicy.KeepHours(0),
                        _ => new CleanPolicy.KeepCommits(random.Next(1, 4)),
                    },
                    CancellationToken.None);
                break;
            case 2 or 3:
                await upkeep.RestoreAsync(
                    random.Next(2) == 0 ? new RestoreTarget.BeforeLast(random.Next(1, 4)) : new RestoreTarget.To(await TargetAsync(table, upkeep)),
                    CancellationToken.None);
                break;
            case 4:
                await upkeep.CreateSavepointAsync(null, random.Next(2) == 0 ? null : await InstantAsync(table), CancellationToken.None);
                break;
            case 5:
                foreach (Savepoint savepoint in await upkeep.ReadSavepointsAsync(CancellationToken.None))
                {
                    await upkeep.DeleteSavepointAsync(savepoint.Name, CancellationToken.None);
                }

                break;
            default:
                await new TextErasure(self).RunAsync(random.Next(3, 8));
                break;
        }
    }

    private async Task<string> TargetAsync(HudiTable table, TableUpkeep upkeep)
    {
        var savepoints = await upkeep.ReadSavepointsAsync(CancellationToken.None);
        return savepoints.IsEmpty ? await InstantAsync(table) : savepoints[self.Random.Next(savepoints.Length)].Name;
    }

    private async Task<string> InstantAsync(HudiTable table)
    {
        var instants = await table.CompletedInstantsAsync(CancellationToken.None);
        return instants.IsEmpty ? "20260101000000000" : instants[self.Random.Next(instants.Length)];
    }
}
