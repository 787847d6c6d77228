using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Sources put together one by one, merged, and compared with what our reader finds in them.</summary>
internal sealed class CraftedMerge(CancellationToken stop)
{
    private readonly List<ObjectPath> _sources = [];

    internal MemoryObjectStore Store { get; } = new("crafted", TimeProvider.System);

    internal IReadOnlyList<ObjectPath> Sources => _sources;

    internal async Task<CraftedMerge> AddAsync(
        CraftedFile file, Func<ColumnMetaData, ColumnMetaData>? chunk = null, Func<FileMetaData, FileMetaData>? footer = null)
    {
        await file.PutAsync(Store, Next(), stop, chunk, footer);
        return this;
    }

    /// <summary>A file of our writer, its footer changed if wished.</summary>
    internal async Task<CraftedMerge> AddAsync(
        Schema schema, ParquetWriterOptions options, IReadOnlyList<ColumnVector> columns, Func<FileMetaData, FileMetaData>? footer = null,
        ColumnWriterState? sink = null)
    {
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), sink);
        writer.Write([.. columns], columns[0].Length);
        MemoryObjectStore own = await RandomFile.StoreAsync(writer, stop);
        SampleFile sample = await SampleFile.OfAsync(own, stop);
        await Store.PutAsync(Next(), footer is null ? sample.Bytes : sample.WithFooter(footer), stop);
        return this;
    }

    internal async Task<CraftedMerge> AddAsync(byte[] file)
    {
        await Store.PutAsync(Next(), file, stop);
        return this;
    }

    /// <summary>The merged file, whose values are those of the sources in the order of the plan.</summary>
    internal async Task<(ParquetFileReader File, MergePlan Plan)> MergeAsync(MergeOptions? options = null)
    {
        (ParquetFileReader file, MergePlan plan, IReadOnlyList<MergeSource> sources) = await MergedFile.OfAsync(Store, _sources, options ?? new(), stop);
        List<string> expected = await ExpectedAsync(plan, sources);
        Assert.Equal(plan.RowCount, expected.Count);
        Assert.Equal(expected, await RandomFile.RowsAsync(file, new ReadRequest(), stop));
        return (file, plan);
    }

    /// <summary>
    /// What becomes of sources that may be damaged: refused by name, merged to the same values, or, where pages are copied and nobody looks
    /// into them, to a file that cannot be read either. Never anything else.
    /// </summary>
    internal async Task<MergeOutcome> TryAsync(MergeOptions? options = null)
    {
        IReadOnlyList<MergeSource> sources;
        MergePlan plan;
        try
        {
            (plan, sources) = await MergedFile.WriteAsync(Store, _sources, options ?? new(), stop);
        }
        catch (ParquetFormatException refusal)
        {
            Assert.Contains("in/", refusal.Message, StringComparison.Ordinal);
            Assert.Null(await Store.StatAsync(MergedFile.Path, stop));
            return MergeOutcome.Refused;
        }

        List<string>? expected = await TextsAsync(() => ExpectedAsync(plan, sources));
        List<string>? found = await TextsAsync(async () => await RandomFile.RowsAsync(
            await ParquetFileReader.OpenAsync(Store, MergedFile.Path, stop), new ReadRequest(), stop));
        Assert.Equal(expected, found);
        return found is null ? MergeOutcome.Unreadable : MergeOutcome.Equal;
    }

    /// <summary>The rows of the sources in the order of the plan.</summary>
    private async Task<List<string>> ExpectedAsync(MergePlan plan, IReadOnlyList<MergeSource> sources)
    {
        var expected = new List<string>();
        foreach (MergeInput input in plan.RowGroups.SelectMany(static g => g.Inputs))
        {
            var request = new ReadRequest { Rows = g => g == input.RowGroup ? null : RowRanges.None };
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(Store, sources[input.Source].Path, stop);
            await foreach (RecordBatch batch in reader.ScanAsync(request, stop))
            {
                using (batch)
                {
                    expected.AddRange(Enumerable.Range(0, batch.RowCount).Select(r => string.Join('|', plan.Schema.Fields.Select(f =>
                        RandomEvolution.Column(batch, f) is { } column ? RandomEvolution.Text(column, r, f.Type) : "N"))));
                }
            }
        }

        return expected;
    }

    private static async Task<List<string>?> TextsAsync(Func<Task<List<string>>> read)
    {
        try
        {
            return await read();
        }
        catch (ParquetFormatException)
        {
            return null;
        }
    }

    /// <summary>The pages of a chunk, by their headers.</summary>
    internal Task<IReadOnlyList<PageFacts>> PagesAsync(ParquetFileReader file, int group, int column) =>
        PageListing.ReadAsync(Store, MergedFile.Path, file.MetaData.RowGroups[group].Columns[column].MetaData, stop);

    private ObjectPath Next()
    {
        _sources.Add(new ObjectPath(FormattableString.Invariant($"in/{_sources.Count}.parquet")));
        return _sources[^1];
    }
}

/// <summary>What became of a merge of damaged files.</summary>
internal enum MergeOutcome
{
    Refused,
    Equal,
    Unreadable,
}
