using System.Text.Json;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Service;

/// <summary>table as a user runs it.</summary>
public sealed class TableCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_shows_sizes_debt_and_age_by_partition()
    {
        await TripTable.CreateAsync(new LocalObjectStore(_folder["table"]), 5, Stop);
        (int exitCode, string said, string error) = await LakehouseProcess.RunAsync(_folder.Path, "table", "table", "--json");
        Assert.True(exitCode == 0, error);
        using JsonDocument answer = JsonDocument.Parse(said);
        JsonElement root = answer.RootElement;
        Assert.Equal((10, 10), (Count(root.GetProperty("files")), Count(root.GetProperty("row_groups"))));
        Assert.Equal(8, root.GetProperty("small_file_debt").GetProperty("file_count").GetInt64());
        Assert.Equal(8, root.GetProperty("small_file_debt").GetProperty("row_group_count").GetInt64());
        Assert.Equal(
            root.GetProperty("files").GetProperty("sum").GetInt64(),
            root.GetProperty("partitions").EnumerateArray().Sum(static p => p.GetProperty("byte_count").GetInt64()));
        Assert.InRange(root.GetProperty("oldest_age_seconds").GetDouble(), 0, 600);

        (exitCode, said, error) = await LakehouseProcess.RunAsync(_folder.Path, "table", "table");
        Assert.True(exitCode == 0, error);
        Assert.Contains("would leave 2 of 10 files and 2 of 10 row groups", said);
    }

    [Fact]
    public async Task A_size_that_no_file_can_have_is_refused()
    {
        (int exitCode, _, string error) = await LakehouseProcess.RunAsync(_folder.Path, "table", "table", "--target-mib", "0");
        Assert.Equal(2, exitCode);
        Assert.Contains("--target-mib must be from 1 to", error);
    }

    private static long Count(JsonElement sizes) => sizes.GetProperty("count").GetInt64();
}
