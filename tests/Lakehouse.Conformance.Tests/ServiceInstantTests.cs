using System.Text.Json;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>Hudi's own Java classes read the contents of clean, savepoint and restore instants, and the plans of merges.</summary>
public sealed class ServiceInstantTests(SampleTables tables)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hudi_Java_reads_a_clean_and_a_savepoint()
    {
        SampleTable sample = await tables.GetAsync("that was cleaned");
        ILookup<string, JsonElement> records = await ForeignReaders.HudiJava.ReadServicesAsync(sample.Folder, Cancellation);
        JsonElement clean = Assert.Single(records["clean"]);
        string newest = sample.Instants.Last();
        Assert.Equal(newest, clean.GetProperty("earliestCommitToRetain").GetString());
        Assert.Equal(2, clean.GetProperty("totalFilesDeleted").GetInt32());
        string[] deleted =
        [
            .. clean.GetProperty("partitionMetadata").EnumerateObject()
                .SelectMany(static p => p.Value.GetProperty("successDeleteFiles").EnumerateArray().Select(f => $"{p.Name}/{f.GetString()}")),
        ];
        Assert.Equal(2, deleted.Length);
        Assert.All(deleted, path => Assert.False(File.Exists(Path.Combine(sample.Folder, path)), path));
        JsonElement plan = Assert.Single(records["clean.requested"]);
        Assert.Equal("KEEP_LATEST_COMMITS", plan.GetProperty("policy").GetString());
        Assert.Equal(newest, plan.GetProperty("earliestInstantToRetain").GetProperty("timestamp").GetString());
        Assert.Equal(plan.ToString(), Assert.Single(records["clean.inflight"]).ToString());

        JsonElement savepoint = Assert.Single(records["savepoint"]);
        Assert.Equal("first", savepoint.GetProperty("comments").GetString());
        string[] kept =
        [
            .. savepoint.GetProperty("partitionMetadata").EnumerateObject()
                .SelectMany(static p => p.Value.GetProperty("savepointDataFile").EnumerateArray().Select(f => $"{p.Name}/{f.GetString()}")),
        ];
        Assert.Equal(2, kept.Length);
        Assert.All(kept, path => Assert.True(File.Exists(Path.Combine(sample.Folder, path)), path));
    }

    [Fact]
    public async Task Hudi_Java_reads_restores()
    {
        SampleTable sample = await tables.GetAsync("that went back and on again");
        ILookup<string, JsonElement> records = await ForeignReaders.HudiJava.ReadServicesAsync(sample.Folder, Cancellation);
        Assert.Equal([1, 2], records["restore"].Select(static r => r.GetProperty("instantsToRollback").GetArrayLength()));
        JsonElement last = records["restore"].Last();
        Assert.Equal(2, last.GetProperty("hoodieRestoreMetadata").EnumerateObject().Count());
        Assert.Equal(
            last.GetProperty("restoreInstantInfo").ToString(),
            records["restore.requested"].Last().GetProperty("instantsToRollback").ToString());
    }

    [Theory]
    [InlineData("whose merge is half published")]
    [InlineData("whose merge another process finished")]
    public async Task Hudi_Java_reads_the_plan_of_a_merge_as_that_of_a_clustering(string table)
    {
        SampleTable sample = await tables.GetAsync(table);
        JsonElement requested = Assert.Single((await ForeignReaders.HudiJava.ReadServicesAsync(sample.Folder, Cancellation))["replacecommit.requested"]);
        Assert.Equal("CLUSTER", requested.GetProperty("operationType").GetString());
        JsonElement plan = requested.GetProperty("clusteringPlan");
        Assert.True(plan.GetProperty("preserveHoodieMetadata").GetBoolean());
        JsonElement[] groups = [.. plan.GetProperty("inputGroups").EnumerateArray()];
        Assert.Equal([1, 1], groups.Select(static g => g.GetProperty("numOutputFileGroups").GetInt32()));
        string[] inputs =
        [
            .. groups.SelectMany(static g => g.GetProperty("slices").EnumerateArray())
                .Select(static s => s.GetProperty("dataFilePath").GetString()!), // It is there.
        ];
        Assert.Equal(4, inputs.Length);
        Assert.All(inputs, path => Assert.True(File.Exists(path), path));
    }
}
