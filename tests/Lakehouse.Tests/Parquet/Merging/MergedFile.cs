using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Merges files of a store, and holds the result against everything that must be true of any merged file.</summary>
internal static class MergedFile
{
    internal static readonly ObjectPath Path = new("out/merged.parquet");

    /// <summary>The merged file, checked, and how it was planned.</summary>
    internal static async Task<(ParquetFileReader File, MergePlan Plan, IReadOnlyList<MergeSource> Sources)> OfAsync(
        IObjectStore store, IReadOnlyList<ObjectPath> inputs, MergeOptions options, CancellationToken stop)
    {
        (MergePlan plan, IReadOnlyList<MergeSource> sources) = await WriteAsync(store, inputs, options, stop);
        ParquetFileReader file = await ParquetFileReader.OpenAsync(store, Path, stop);
        await CheckAsync(store, file, stop);
        return (file, plan, sources);
    }

    /// <summary>Merges and checks nothing.</summary>
    internal static async Task<(MergePlan Plan, IReadOnlyList<MergeSource> Sources)> WriteAsync(
        IObjectStore store, IReadOnlyList<ObjectPath> inputs, MergeOptions options, CancellationToken stop)
    {
        var sources = new List<MergeSource>();
        foreach (ObjectPath input in inputs)
        {
            sources.Add(await MergeSource.OpenAsync(store, input, stop));
        }

        MergePlan plan = MergePlanning.Plan(sources, options);
        await using IObjectUpload upload = await store.BeginUploadAsync(Path, stop);
        ParquetFileSummary summary = await ParquetMerger.MergeAsync(plan, sources, options, upload, stop);
        await upload.CompleteAsync(stop);
        Assert.Equal(summary.ByteCount, (await store.StatAsync(Path, stop))!.Size);
        Assert.Equal(summary.RowCount, sources.Sum(static s => s.RowCount));
        return (plan, sources);
    }

    /// <summary>What it says of itself is true, and no dictionary page follows a page of another encoding.</summary>
    private static async Task CheckAsync(IObjectStore store, ParquetFileReader file, CancellationToken stop)
    {
        FileCheckReport report = await FileCheck.RunAsync(store, Path, stop);
        Assert.True(report.Findings.IsEmpty, string.Join('\n', report.Findings.Take(5)));
        long end = 4;
        for (int g = 0; g < file.MetaData.RowGroups.Length; g++)
        {
            RowGroup group = file.MetaData.RowGroups[g];
            Assert.Equal(file.MetaData.RowGroups.Length <= short.MaxValue ? (short)g : null, group.Ordinal);
            Assert.Equal(group.TotalCompressedSize, group.Columns.Sum(static c => c.MetaData.TotalCompressedSize));
            Assert.Equal(group.TotalByteSize, group.Columns.Sum(static c => c.MetaData.TotalUncompressedSize));
            for (int c = 0; c < group.Columns.Length; c++)
            {
                ColumnMetaData chunk = group.Columns[c].MetaData;
                Assert.Equal(file.Leaves[c].Path, chunk.PathInSchema);
                Assert.NotEqual(0, chunk.DictionaryPageOffset);
                Assert.NotEmpty(chunk.EncodingStats);
                long start = chunk.DictionaryPageOffset ?? chunk.DataPageOffset;
                Assert.True(start >= end, $"Row group {g}, column {c} begins at {start}, within the one before it.");
                Assert.True(c > 0 || group.FileOffset == start, $"Row group {g} says that it begins at {group.FileOffset} instead of {start}.");
                end = start + chunk.TotalCompressedSize;
            }
        }
    }
}
