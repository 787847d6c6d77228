using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>The invariants of our notes on Hudi's format, on every sample table.</summary>
public sealed class InvariantTests(SampleTables tables)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I1_every_file_belongs_to_a_completed_instant_or_to_the_one_pending(string table) =>
        TableInvariants.I1EveryFileBelongsToACompletedInstantOrToTheOnePendingOne(await ListingAsync(table));

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I2_names_parse(string table) => TableInvariants.I2NamesParse(await ListingAsync(table));

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I3_file_ids_are_unique(string table) => TableInvariants.I3FileIdsAreUnique(await ListingAsync(table));

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I4_sizes_are_those_that_commits_name(string table) =>
        TableInvariants.I4SizesAreThoseThatCommitsName(await ListingAsync(table));

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I5_named_files_exist(string table) => TableInvariants.I5NamedFilesExist(await ListingAsync(table));

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I6_instants_completed_in_order(string table) =>
        TableInvariants.I6InstantsCompletedInOrder(await ListingAsync(table));

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I7_schemas_parse(string table) => TableInvariants.I7SchemasParse(await ListingAsync(table));

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I8_data_files_have_one_schema(string table) =>
        await TableInvariants.I8DataFilesHaveOneSchemaAsync(await ListingAsync(table), Cancellation);

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task I9_readers_choose_the_same_files_at_every_instant(string table) =>
        await TableInvariants.I9ReadersChooseTheSameFilesAtEveryInstantAsync(await ListingAsync(table), Cancellation);

    private async Task<TableListing> ListingAsync(string table) =>
        await TableListing.OfAsync((await tables.GetAsync(table)).Table, Cancellation);
}
