using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>
/// What holds of every table that we write, at every moment and whatever has just happened to its writers: I1 to I9 of our notes on
/// Hudi's format. Each fails the running test when it does not hold.
/// </summary>
public static class TableInvariants
{
    /// <summary>Logical types that every reader of Hudi tables of version 6 knows.</summary>
    private static readonly string[] KnownLogicalTypes = ["date", "decimal", "timestamp-millis", "timestamp-micros"];

    /// <summary>All of them. For tables with real data files; where the data is made up, I8 is left out.</summary>
    public static async Task CheckAllAsync(HudiTable table, CancellationToken cancellation)
    {
        TableListing listing = await TableListing.OfAsync(table, cancellation);
        I1EveryFileBelongsToACompletedInstantOrToTheOnePendingOne(listing);
        I2NamesParse(listing);
        I3FileIdsAreUnique(listing);
        I4SizesAreThoseThatCommitsName(listing);
        I5NamedFilesExist(listing);
        I6InstantsCompletedInOrder(listing);
        I7SchemasParse(listing);
        await I8DataFilesHaveOneSchemaAsync(listing, cancellation);
        await I9ReadersChooseTheSameFilesAtEveryInstantAsync(listing, cancellation);
    }

    /// <summary>
    /// A file outside <c>.hoodie</c> is named by a completed instant, is older than the active timeline, or stands for the pending instant,
    /// of which there is one at most, the greatest.
    /// </summary>
    public static void I1EveryFileBelongsToACompletedInstantOrToTheOnePendingOne(TableListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        IReadOnlyList<string> pending = listing.PendingInstants();
        Assert.True(pending.Count <= 1, $"several pending instants: {string.Join(", ", pending)}");
        Assert.All(pending, p => Assert.True(
            string.CompareOrdinal(p, listing.Snapshot.Instant) > 0,
            $"pending {p} is not after the newest completed {listing.Snapshot.Instant}"));
        string? oldest = listing.Snapshot.Timeline.FirstOrDefault()?.Time;
        var named = listing.WriteStats.Select(static s => s.Path).ToHashSet(StringComparer.Ordinal);
        Assert.All(listing.DataFiles, file =>
        {
            Assert.True(DataFileName.TryParse(file.Path.Name, out DataFileName name), file.Path.Value);
            Assert.True(
                named.Contains(file.Path.Value) || pending.Contains(name.Instant) || string.CompareOrdinal(name.Instant, oldest) < 0,
                $"'{file.Path}' belongs to no instant");
        });
    }

    /// <summary>Outside <c>.hoodie</c> there are data files, whose names readers can take apart, in partitions, and nothing else.</summary>
    public static void I2NamesParse(TableListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        var partitions = listing.Files.Where(static f => f.Path.Name == TableListing.PartitionMetadata)
            .Select(static f => f.Path.Parent).ToHashSet();
        Assert.All(listing.Files.Where(static f => f.Path.Name != TableListing.PartitionMetadata), file =>
        {
            Assert.True(DataFileName.TryParse(file.Path.Name, out _), $"'{file.Path}' is no data file name");
            Assert.True(partitions.Contains(file.Path.Parent), $"'{file.Path}' lies in a folder that is no partition");
        });
    }

    /// <summary>A file group has one file per instant and lives in one partition.</summary>
    public static void I3FileIdsAreUnique(TableListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        var files = listing.DataFiles.Select(static f =>
        {
            Assert.True(DataFileName.TryParse(f.Path.Name, out DataFileName name), f.Path.Value);
            return (name.FileId, name.Instant, Partition: f.Path.Parent);
        }).ToList();
        Assert.Equal(files.Count, files.Select(static f => (f.FileId, f.Instant)).Distinct().Count());
        Assert.All(files.GroupBy(static f => f.FileId), static g => Assert.Single(g.Select(static f => f.Partition).Distinct()));
    }

    /// <summary>Readers open a file with the length that its commit names.</summary>
    public static void I4SizesAreThoseThatCommitsName(TableListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        var sizes = listing.Files.ToDictionary(static f => f.Path.Value, static f => f.Size, StringComparer.Ordinal);
        Assert.All(
            listing.WriteStats.Where(s => sizes.ContainsKey(s.Path)), stat => Assert.Equal(sizes[stat.Path], stat.ByteCount));
    }

    /// <summary>What completed instants name is there, replaced file groups too until a clean names them.</summary>
    public static void I5NamedFilesExist(TableListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        var present = listing.Files.Select(static f => f.Path.Value).ToHashSet(StringComparer.Ordinal);
        Assert.All(
            listing.WriteStats.Where(s => !listing.CleanedFiles.Contains(s.Path)),
            stat => Assert.True(present.Contains(stat.Path), $"'{stat.Path}' is named by a commit and is not there"));
    }

    /// <summary>An instant with a later time completed later.</summary>
    public static void I6InstantsCompletedInOrder(TableListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        string[] times = [.. listing.Snapshot.Timeline.Select(static i => i.Time)];
        Assert.Equal(times.Distinct().Order(StringComparer.Ordinal), times);
        var modified = listing.Timeline.ToDictionary(static e => e.Path.Value, static e => e.Modified, StringComparer.Ordinal);
        DateTimeOffset[] completed = [.. listing.Snapshot.Timeline.Select(i => modified[$".hoodie/{i.Time}.{i.Action}"])];
        Assert.Equal(completed.Order(), completed);
    }

    /// <summary>Every commit's schema is Avro whose named types have one definition each and whose logical types all readers know.</summary>
    public static void I7SchemasParse(TableListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        foreach (CompletedInstant instant in listing.Snapshot.Timeline)
        {
            using JsonDocument schema = JsonDocument.Parse(instant.Metadata.ExtraMetadata[CommitMetadata.SchemaKey]);
            var names = new List<string>();
            Visit(schema.RootElement, names);
            Assert.Equal(names.Distinct(StringComparer.Ordinal), names);
            Assert.Equal(
                listing.Table.Config.Schema.Fields.Select(static f => f.Name),
                schema.RootElement.GetProperty("fields").EnumerateArray().Select(static f => f.GetProperty("name").GetString()));
        }
    }

    /// <summary>All data files have one physical schema: the meta columns, then the table's.</summary>
    public static async Task I8DataFilesHaveOneSchemaAsync(TableListing listing, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(listing);
        Schema expected = MetaColumns.FileSchema(listing.Table.Config.Schema);
        IReadOnlyList<SchemaElement>? first = null;
        foreach (ObjectStat file in listing.DataFiles)
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(listing.Table.Store, file.Path, cancellation);
            first ??= reader.MetaData.Schema;
            Assert.Equal(expected, reader.Schema);
            Assert.Equal(first, reader.MetaData.Schema);
        }
    }

    /// <summary>
    /// At every instant hudi-rs, which goes by the instants in file names, and Hudi's Java code, which asks whether they completed, choose
    /// the same files.
    /// </summary>
    public static async Task I9ReadersChooseTheSameFilesAtEveryInstantAsync(TableListing listing, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(listing);
        foreach (CompletedInstant instant in listing.Snapshot.Timeline)
        {
            TableSnapshot snapshot = await listing.Table.SnapshotAsync(instant.Time, cancellation);
            List<ObjectPath> rust = await HudiRsRule.SelectAsync(listing.Table.Store, snapshot, cancellation);
            Assert.Equal(snapshot.FileSlices.Select(static s => s.Path), rust.Order());
        }
    }

    private static void Visit(JsonElement element, List<string> names)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
            {
                Visit(item, names);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            if (element.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String
                && type.GetString() is "record" or "fixed" or "enum")
            {
                string space = element.TryGetProperty("namespace", out JsonElement text) ? text.GetString() + "." : "";
                names.Add(space + element.GetProperty("name").GetString());
            }

            if (element.TryGetProperty("logicalType", out JsonElement logical))
            {
                Assert.Contains(logical.GetString(), KnownLogicalTypes);
            }

            foreach (JsonProperty property in element.EnumerateObject())
            {
                Visit(property.Value, names);
            }
        }
    }
}
