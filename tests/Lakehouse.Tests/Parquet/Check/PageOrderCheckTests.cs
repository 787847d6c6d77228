using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>A chunk of which Spark's vectorised reader makes wrong values without an error is reported, in anybody's file.</summary>
public sealed class PageOrderCheckTests
{
    private static readonly ObjectPath Path = new("in/0.parquet");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dictionary_page_after_a_page_of_another_encoding_is_found()
    {
        FileFinding finding = Assert.Single(await FindingsAsync(new CraftedFile().Dictionary(1, 2).Indexes(1, 0, 1).Plain(5, 6).Indexes(1, 1, 0)));
        Assert.Equal((FileFindingKind.DictionaryAfterOther, 0, "x"), (finding.Kind, finding.RowGroup, finding.Column));
        Assert.Contains("Page 2", finding.What, StringComparison.Ordinal);
        Assert.Single(await FindingsAsync(new CraftedFile().Dictionary(1, 2).PlainV2(5, 6).Indexes(1, 1, 0)));
    }

    [Fact]
    public async Task Dictionary_pages_first_and_any_others_after_them_are_right()
    {
        Assert.Empty(await FindingsAsync(new CraftedFile().Dictionary(1, 2).Indexes(1, 0, 1).Indexes(2, 1).Plain(5, 6).PlainV2(7)));
        Assert.Empty(await FindingsAsync(new CraftedFile().Plain(5, 6).PlainV2(7)));
    }

    private static async Task<IReadOnlyList<FileFinding>> FindingsAsync(CraftedFile file)
    {
        var store = new MemoryObjectStore("file", TimeProvider.System);
        await file.PutAsync(store, Path, Stop);
        return [.. (await FileCheck.RunAsync(store, Path, Stop)).Findings];
    }
}
