using Lakehouse.Hudi;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>
/// A fault at every single store call of every service, while the oracle looks on. Afterwards another process does the same again, a
/// worker commits, and everything is as if nothing had happened.
/// </summary>
public class UpkeepCrashTests
{
    public enum Service
    {
        Clean,
        CreateSavepoint,
        DeleteSavepoint,
        Restore,
    }

    public static TheoryData<Service, CrashTests.Fault> All
    {
        get
        {
            var all = new TheoryData<Service, CrashTests.Fault>();
            foreach (Service service in Enum.GetValues<Service>())
            {
                foreach (CrashTests.Fault fault in Enum.GetValues<CrashTests.Fault>())
                {
                    all.Add(service, fault);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_fault_at_any_store_call_of_a_service_leaves_a_table_that_is_whole(Service service, CrashTests.Fault fault)
    {
        int felt = 0;
        for (int at = 0; ; at++)
        {
            (ProtocolWorld world, string[] instants) = await PrepareAsync(service);
            (ProcessStore store, TableUpkeep upkeep) = await world.OperatorAsync();
            CrashTests.Inject(store, fault, at, world);
            Exception? failure = await Record.ExceptionAsync(() => ServeAsync(service, upkeep, instants));
            felt += failure is null ? 0 : 1;

            (ProcessStore second, TableUpkeep again) = await world.OperatorAsync();
            second.After = async call => await (call.Mutates ? world.Oracle.CheckAsync() : Task.CompletedTask);
            await ServeAsync(service, again, instants);
            await CheckAsync(service, world, instants);
            if (at >= CrashTests.Calls(store))
            {
                Assert.Null(failure);
                Assert.True(felt > 5 && at > 15, $"{felt} faults were felt at {at} calls");
                return;
            }
        }
    }

    /// <summary>Three commits with dead letters; for a clean merged files too; a savepoint where one is to be released.</summary>
    private static async Task<(ProtocolWorld World, string[] Instants)> PrepareAsync(Service service)
    {
        (ProtocolWorld world, string[] instants) = await UpkeepTests.TableAsync(3, letters: 1);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        switch (service)
        {
            case Service.Clean:
                await world.ReplaceAllAsync();
                await world.CommitAsync("worker-1", "a", 4, 12, 13);
                break;
            case Service.DeleteSavepoint:
                await upkeep.CreateSavepointAsync("s", instants[0], Stop);
                break;
            default:
                break;
        }

        await world.Oracle.CheckAsync();
        return (world, instants);
    }

    /// <summary>The service; that it is done already is fine.</summary>
    private static async Task ServeAsync(Service service, TableUpkeep upkeep, string[] instants)
    {
        bool isThere = (await upkeep.ReadSavepointsAsync(Stop)).Any(static s => s.Name == "s");
        switch (service)
        {
            case Service.Clean:
                await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop);
                break;
            case Service.CreateSavepoint when !isThere:
                await upkeep.CreateSavepointAsync("s", instants[1], Stop);
                break;
            case Service.DeleteSavepoint when isThere:
                await upkeep.DeleteSavepointAsync("s", Stop);
                break;
            case Service.Restore:
                await upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
                break;
            default:
                break;
        }
    }

    private static async Task CheckAsync(Service service, ProtocolWorld world, string[] instants)
    {
        (_, TableCommitter committer) = await world.ProcessAsync("worker-1", "z");
        TableState state = await committer.RecoverAsync(Stop);
        long end = state.Ledger.Entries[ProtocolWorld.Key].EndOffset;
        Assert.Equal(service switch { Service.Clean => 13, Service.Restore => 4, _ => 12 }, end);
        Committable work = await world.StageAsync("worker-1", "z", 20, end, end + 2, 1, state.Ledger.HistoryEpoch);
        Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(work, Stop));
        Assert.Equal(end + 2, await world.Oracle.CheckAsync());
        Assert.Equal(service == Service.Restore ? 2 : 4, await world.LettersAsync());
        ActiveTimeline timeline = await ActiveTimeline.LoadAsync(world.Shared, Stop);
        Assert.Equal(
            service switch { Service.CreateSavepoint => [instants[1]], _ => Array.Empty<string>() },
            timeline.Files.Where(static f => f is { Action: TimelineFile.Savepoint, State: InstantState.Completed }).Select(static f => f.Instant));
        int wanted = service is Service.Clean or Service.Restore ? 1 : 0;
        Assert.Equal(wanted, timeline.Files.Count(static f =>
            f is { Action: TimelineFile.Clean or TimelineFile.Restore, State: InstantState.Completed }));
        int perInstant = timeline.Files.GroupBy(static f => (f.Instant, f.Action)).Max(static g => g.Count());
        Assert.Equal(3, perInstant);
        Assert.DoesNotContain(
            timeline.Files.GroupBy(static f => (f.Instant, f.Action)), static g => g.All(f => f.State != InstantState.Completed));
    }
}
