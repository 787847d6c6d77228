using System.Collections.Immutable;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>A Hudi table of version 6, Copy-on-Write, with meta columns. It is its definition, nothing is cached. Thread safe.</summary>
public sealed class HudiTable
{
    /// <summary>Everything that is not yet, or not any more, part of the table lies below this folder.</summary>
    internal static readonly ObjectPath TemporaryFolder = new(".hoodie/.temp");

    private readonly Random _random;
    private readonly long _fileIdHigh;
    private readonly long _fileIdLow;
    private long _fileIdCount;

    private HudiTable(IObjectStore store, TableConfig config, TimeProvider time, Random random)
    {
        Store = store;
        Config = config;
        Time = time;
        _random = random;
        _fileIdHigh = random.NextInt64(long.MinValue, long.MaxValue);
        _fileIdLow = random.NextInt64(long.MinValue, long.MaxValue);
        AvroSchema = Hudi.AvroSchema.Write(config.Name, config.Schema);
    }

    /// <summary>Where the table lies; the store's root is the table's base path.</summary>
    public IObjectStore Store { get; }

    /// <summary>What the table is.</summary>
    public TableConfig Config { get; }

    /// <summary>The schema as every commit carries it.</summary>
    internal string AvroSchema { get; }

    internal TimeProvider Time { get; }

    /// <summary>
    /// Creates the table, or opens the one that is there for writing. Throws <see cref="HudiException"/> when that one has another
    /// schema, partitioning or record key, is of a kind that cannot be written, or when the store does not honour put-if-absent.
    /// </summary>
    public static async Task<HudiTable> CreateAsync(
        IObjectStore store, TableConfig config, TimeProvider time, Random random, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);
        config.Validate();
        await StoreProbe.RunAsync(store, random, cancellation);
        byte[] content = TableProperties.Write(config, time.GetUtcNow());
        if (await OpenAsync(store, time, random, cancellation) is not { } table)
        {
            await ConditionalPut.SameForAllAsync(store, TableProperties.Path, content, cancellation);
            table = await OpenAsync(store, time, random, cancellation)
                ?? throw new HudiException(store.Root, "hoodie.properties was created and is gone; something deletes the table's files.");
        }

        table.RefuseOther(config);
        return table;
    }

    /// <summary>Opens a table, or returns null when there is none.</summary>
    public static async Task<HudiTable?> OpenAsync(IObjectStore store, TimeProvider time, Random random, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);
        byte[]? content = await store.GetAsync(TableProperties.Path, cancellation);
        return content is null
            ? null
            : new HudiTable(store, TableProperties.ToConfig(TableProperties.Read(content), store.Root), time, random);
    }

    /// <summary>
    /// Opens files in their order, the next ones while one is read: a walk over many small files would wait for each footer. A file that
    /// cannot be opened throws where its reader is awaited.
    /// </summary>
    public IAsyncEnumerable<(FileSlice File, Task<ParquetFileReader> Opening)> OpenAheadAsync(
        IEnumerable<FileSlice> files, CancellationToken cancellation) => SideBySide.AheadAsync(
        files, SideBySide.RequestsAtATime, (file, stop) => ParquetFileReader.OpenAsync(Store, file.Path, stop), cancellation);

    /// <summary>
    /// The table as of an instant (null: the newest): the completed instants up to it, and the files that Hudi's readers would read.
    /// </summary>
    public async Task<TableSnapshot> SnapshotAsync(string? atInstant, CancellationToken cancellation)
    {
        if (atInstant is not null)
        {
            InstantTime.Parse(atInstant);
        }

        (_, ImmutableArray<CompletedInstant> completed) = await ActiveTimeline.ReadAsync(Store, atInstant, cancellation);
        if (completed.IsEmpty)
        {
            return new TableSnapshot(null, [], []);
        }

        List<ObjectStat> files = await ListDataFilesAsync(cancellation);

        // < After the listing: a clean says what it takes before it does.
        Outcome? newest = (await SequenceFolder.LookAsync(Store, cancellation)).Newest;
        return new TableSnapshot(completed[^1].Time, completed, FileSliceSelection.Select(files, completed))
        {
            WholeFrom = newest is { FloorInstant: not null } && !newest.Upkeep.IsWhole(completed[^1].Time) ? newest.Upkeep.RetainedFrom : null,
        };
    }

    /// <summary>The completed commits and replacecommits of the active timeline, oldest first; one listing, nothing is read.</summary>
    public async Task<ImmutableArray<string>> CompletedInstantsAsync(CancellationToken cancellation) =>
        [.. (await ActiveTimeline.LoadAsync(Store, cancellation)).CompletedCommits.Select(static f => f.Instant)];

    /// <summary>The folder that takes one checkpoint's files until they are committed.</summary>
    public static ObjectPath StagingFolder(string pipeline, string worker, string attempt, long checkpoint) =>
        TemporaryFolder / FormattableString.Invariant($"{pipeline}-{worker}-{attempt}-{checkpoint}");

    /// <summary>The same table seen through another store object.</summary>
    internal HudiTable Through(IObjectStore store) => new(store, Config, Time, _random);

    /// <summary>A file id that no other file group has.</summary>
    internal string NewFileId() => DataFileName.MakeFileId(_fileIdHigh, _fileIdLow + Interlocked.Increment(ref _fileIdCount));

    /// <summary>Re-reads the properties: another writer may have upgraded the table or given it a metadata table.</summary>
    internal async Task CheckUnchangedAsync(CancellationToken cancellation)
    {
        HudiTable now = await OpenAsync(Store, Time, _random, cancellation)
            ?? throw new HudiException(Store.Root, "hoodie.properties is gone.");
        now.RefuseOther(Config);
    }

    /// <summary>Every file outside Hudi's own folder, those beside it first; the partitions' folders are listed side by side.</summary>
    internal async Task<List<ObjectStat>> ListFilesAsync(CancellationToken cancellation)
    {
        List<ObjectStat> files = [];
        List<ObjectPath> folders = [];
        await foreach (ObjectStat top in Store.ListAsync(default, recursive: false, cancellation))
        {
            if (!top.IsFolder)
            {
                files.Add(top);
            }
            else if (top.Path != TimelineFile.Folder)
            {
                folders.Add(top.Path);
            }
        }

        var below = new List<ObjectStat>[folders.Count];
        await SideBySide.RunAsync(
            Enumerable.Range(0, folders.Count),
            SideBySide.RequestsAtATime,
            async (i, stop) =>
            {
                below[i] = [];
                await foreach (ObjectStat file in Store.ListAsync(folders[i], recursive: true, stop))
                {
                    below[i].Add(file);
                }
            },
            cancellation);
        files.AddRange(below.SelectMany(static f => f));
        return files;
    }

    /// <summary>The files in folders that are partitions, which is where Hudi's Java readers look.</summary>
    private async Task<List<ObjectStat>> ListDataFilesAsync(CancellationToken cancellation)
    {
        List<ObjectStat> files = await ListFilesAsync(cancellation);
        HashSet<ObjectPath> partitions =
            [.. files.Where(static f => f.Path.Name == PartitionPath.MetadataName).Select(static f => f.Path.Parent)];
        files.RemoveAll(file => file.Path.Name == PartitionPath.MetadataName || !partitions.Contains(file.Path.Parent));
        return files;
    }

    private void RefuseOther(TableConfig wanted)
    {
        if (Config.Name != wanted.Name)
        {
            throw new HudiException(Store.Root, $"it is named '{Config.Name}', not '{wanted.Name}'.");
        }

        if (!Config.Schema.Equals(wanted.Schema))
        {
            throw new HudiException(Store.Root,
                $"its schema is ({Config.Schema}), wanted is ({wanted.Schema}). A table's schema cannot change: use another path.");
        }

        if (!Config.PartitionFields.SequenceEqual(wanted.PartitionFields))
        {
            throw new HudiException(Store.Root, $"it is partitioned by ({string.Join(", ", Config.PartitionFields)}), "
                + $"wanted is ({string.Join(", ", wanted.PartitionFields)}). Partitioning cannot change: use another path.");
        }

        if (!Config.RecordKeyFields.SequenceEqual(wanted.RecordKeyFields))
        {
            throw new HudiException(Store.Root, $"its record key is ({string.Join(", ", Config.RecordKeyFields)}), "
                + $"wanted is ({string.Join(", ", wanted.RecordKeyFields)}). The record key cannot change: use another path.");
        }
    }
}
