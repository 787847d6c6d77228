using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Testing;

/// <summary>A table at one moment: what lies where, and what its completed instants say.</summary>
/// <param name="Table">The table.</param>
/// <param name="Snapshot">Its newest snapshot by our own rule, which is that of Hudi's Java readers.</param>
/// <param name="Files">Everything outside <c>.hoodie</c>.</param>
/// <param name="Timeline">Everything directly in <c>.hoodie</c>.</param>
public sealed record TableListing(
    HudiTable Table, TableSnapshot Snapshot, IReadOnlyList<ObjectStat> Files, IReadOnlyList<ObjectStat> Timeline)
{
    internal const string PartitionMetadata = ".hoodie_partition_metadata";

    /// <summary>The files that readers take for data.</summary>
    public IEnumerable<ObjectStat> DataFiles => Files.Where(static f => f.Path.Name.EndsWith(".parquet", StringComparison.Ordinal));

    /// <summary>The files that cleans have decided to delete.</summary>
    public required IReadOnlySet<string> CleanedFiles { get; init; }

    /// <summary>The files that the completed instants name.</summary>
    public IEnumerable<WriteStat> WriteStats => Snapshot.Timeline.SelectMany(static i => i.Metadata.WriteStats);

    /// <summary>Looks at a table.</summary>
    public static async Task<TableListing> OfAsync(HudiTable table, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        TableSnapshot snapshot = await table.SnapshotAsync(null, cancellation);
        var files = new List<ObjectStat>();
        var timeline = new List<ObjectStat>();
        await foreach (ObjectStat entry in table.Store.ListAsync(default, recursive: true, cancellation))
        {
            if (!entry.Path.Value.StartsWith(".hoodie/", StringComparison.Ordinal))
            {
                files.Add(entry);
            }
            else if (entry.Path.Parent.Value == ".hoodie")
            {
                timeline.Add(entry);
            }
        }

        SequenceStatus sequence = await SequenceReader.ReadAsync(table, cancellation);
        return new TableListing(table, snapshot, files, timeline) { CleanedFiles = sequence.Cleaned };
    }

    /// <summary>Instants that bring files, were requested or begun and have not completed, in order.</summary>
    public IReadOnlyList<string> PendingInstants()
    {
        var started = new HashSet<string>(StringComparer.Ordinal);
        var completed = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in Timeline.Select(static e => e.Path.Name))
        {
            if (TimelineFile.TryParse(name, out TimelineFile file)
                && file.Action is TimelineFile.Commit or TimelineFile.ReplaceCommit)
            {
                (file.State == InstantState.Completed ? completed : started).Add(file.Instant);
            }
        }

        return [.. started.Except(completed).Order(StringComparer.Ordinal)];
    }
}
