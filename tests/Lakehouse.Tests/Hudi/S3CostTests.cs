using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Storage;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>How many requests a table in S3 costs: they are money and, one after the other, time.</summary>
[Collection(nameof(RealS3))]
public sealed class S3CostTests(RealS3 s3) : IDisposable
{
    private readonly FaultyTransport _transport = new();
    private readonly string _folder = RealS3.NewFolder() + "/trips";

    public void Dispose() => _transport.Dispose();

    [Fact]
    public async Task A_commit_and_an_opening_cost_the_same_after_many_commits_as_after_few()
    {
        S3ObjectStore store = s3.Service.NewStore(_folder, _transport);
        var table = new RealTable(store, partitioned: false, TimeProvider.System);
        await table.CreateAsync();
        TableCommitter committer = table.Committer();
        await committer.RecoverAsync(Stop);
        List<(int Commit, int Listings, int Opening, int OpeningListings)> costs = [];
        for (int commit = 1; commit <= 12; commit++)
        {
            Committable work = await table.StageAsync(commit, (commit - 1) * 10, commit * 10);
            (int requests, int listings) = await CountAsync(async () =>
                Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(work, Stop)));
            (int opening, int openingListings) = await CountAsync(() => table.Committer("b").RecoverAsync(Stop));
            costs.Add((requests, listings, opening, openingListings));
        }

        // The first two find no outcome, and one; from then on every commit is like the one before.
        Assert.All(costs[2..], cost => Assert.Equal(costs[2], cost));
        Assert.True(costs[2] is { Commit: <= 26, Listings: <= 5, Opening: <= 17, OpeningListings: <= 6 }, costs[2].ToString());
    }

    private async Task<(int Requests, int Listings)> CountAsync(Func<Task> work)
    {
        _transport.Clear();
        await work();
        IReadOnlyList<SentRequest> sent = _transport.Sent;
        return (sent.Count, sent.Count(static r => r.Target.Contains("list-type=2", StringComparison.Ordinal)));
    }
}
