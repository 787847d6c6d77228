using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using Xunit.Sdk;

namespace Lakehouse.Conformance.Tests;

/// <summary>
/// A process dies before each call of a commit that changes something. Whatever it leaves, readers see what was public before and nothing
/// more until the completed instant is there; then another process goes on, and they see the commit once, or not at all.
/// </summary>
public sealed class CrashTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task All_readers_see_only_committed_rows_after_a_death_at_any_step_of_a_commit()
    {
        var steps = new List<string>();
        for (int step = 0; await DieAtAsync(step) is { } call; step++)
        {
            steps.Add(call);
        }

        // Every kind of step was met, in the order of the protocol.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', steps));
        (string Call, string Suffix)[] kinds =
        [
            ("put-if-absent", ".claim"), ("copy-patched", ".parquet"), ("put-if-absent", ".outcome"),
            ("put-if-absent", ".commit.requested"), ("put-if-absent", ".inflight"), ("copy-if-absent", ".parquet"),
            ("copy-if-absent", ".commit"), ("delete", ".parquet"),
        ];
        int[] first = [.. kinds.Select(kind => steps.FindIndex(s =>
            s.StartsWith(kind.Call, StringComparison.Ordinal) && s.EndsWith(kind.Suffix, StringComparison.Ordinal)))];
        Assert.DoesNotContain(-1, first);
        Assert.Equal(first.Order(), first);
    }

    /// <summary>The call that the process died before, or null when the commit makes no so many.</summary>
    private async Task<string?> DieAtAsync(int step)
    {
        SampleTable sample = await SampleTable.CreateAsync(_folder[$"{step}"], SampleShape.ByDay, 100 + step, Cancellation);
        await sample.CommitAsync(30, Cancellation);
        SampleWork work = await sample.StageAsync(20, Cancellation);
        var store = new ProcessStore(sample.Table.Store);
        TableCommitter committer = await sample.CommitterAsync(store, Cancellation);
        var calls = new List<StoreCall>();
        store.Before = call =>
        {
            if (call.Mutates)
            {
                calls.Add(call);
                store.IsDead |= calls.Count > step;
            }

            return Task.CompletedTask;
        };
        if (await Record.ExceptionAsync(() => committer.CommitAsync(work.Committable, Cancellation)) is not ProcessDiedException)
        {
            Assert.Equal(step, calls.Count);
            return null;
        }

        bool committed = calls.SkipLast(1).Any(static c => c.Path.Value.EndsWith(".outcome", StringComparison.Ordinal));
        bool published = calls.SkipLast(1).Any(InterruptedTables.IsCompletion);
        if (published)
        {
            await sample.AcceptAsync(work, Cancellation);
        }

        await CheckAsync(
            $"after the death before {calls[^1]}",
            sample,
            Comparison.HudiRustAsync(sample, null, Cancellation),
            Comparison.HudiJavaAsync(sample, null, 2, Cancellation),
            Comparison.DuckDbAsync(sample, null, Cancellation));

        await (await sample.CommitterAsync(null, Cancellation)).RecoverAsync(Cancellation);
        if (committed && !published)
        {
            await sample.AcceptAsync(work, Cancellation);
        }

        // One reader is enough here: the invariants hold, and all readers read a recovered table elsewhere.
        await CheckAsync(
            $"after recovery from the death before {calls[^1]}", sample, Comparison.HudiRustAsync(sample, null, Cancellation));
        return calls[^1].ToString();
    }

    private static async Task CheckAsync(string when, SampleTable sample, params Task[] readings)
    {
        try
        {
            await Task.WhenAll([TableInvariants.CheckAllAsync(sample.Table, Cancellation), .. readings]);
        }
        catch (XunitException e) when (e is not SkipException)
        {
            throw new XunitException($"{when}: {e.Message}");
        }
    }
}
