using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>A Hudi table of version 6, Copy-on-Write, with meta columns. It is its definition, nothing is cached. Thread safe.</summary>
public sealed class HudiTable
{
    /// <summary>Everything that is not yet, or not any more, part of the table lies below this folder.</summary>
    internal static readonly ObjectPath TemporaryFolder = new(".hoodie/.temp");

    private const int RequestsAtATime = 16;
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
    /// The table as of an instant (null: the newest): the completed instants up to it, and the files that Hudi's readers would read.
    /// </summary>
    public async Task<TableSnapshot> SnapshotAsync(string? atInstant, CancellationToken cancellation)
    {
        if (atInstant is not null)
        {
            InstantTime.Parse(atInstant);
        }

        ActiveTimeline timeline = await ActiveTimeline.LoadAsync(Store, cancellation);
        TimelineFile[] wanted =
        [
            .. timeline.CompletedCommits.Where(f => atInstant is null || string.CompareOrdinal(f.Instant, atInstant) <= 0),
        ];
        var instants = new CompletedInstant?[wanted.Length];
        await SideBySide.RunAsync(
            Enumerable.Range(0, wanted.Length),
            RequestsAtATime,
            async (i, stop) => instants[i] = await ActiveTimeline.ReadAsync(Store, wanted[i], stop),
            cancellation);
        ImmutableArray<CompletedInstant> completed = [.. instants.OfType<CompletedInstant>()];
        List<ObjectStat> files = completed.IsEmpty ? [] : await ListDataFilesAsync(cancellation);
        return new TableSnapshot(
            completed.IsEmpty ? null : completed[^1].Time, completed, FileSliceSelection.Select(files, completed));
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

    /// <summary>Every file in folders that are partitions, which is where Hudi's Java readers look.</summary>
    private async Task<List<ObjectStat>> ListDataFilesAsync(CancellationToken cancellation)
    {
        List<ObjectStat> files = [];
        HashSet<ObjectPath> partitions = [];
        List<ObjectPath> folders = [];
        await foreach (ObjectStat top in Store.ListAsync(default, recursive: false, cancellation))
        {
            if (!top.IsFolder)
            {
                Take(top);
            }
            else if (top.Path != TimelineFile.Folder)
            {
                folders.Add(top.Path);
            }
        }

        var below = new List<ObjectStat>[folders.Count];
        await SideBySide.RunAsync(
            Enumerable.Range(0, folders.Count),
            RequestsAtATime,
            async (i, stop) =>
            {
                below[i] = [];
                await foreach (ObjectStat file in Store.ListAsync(folders[i], recursive: true, stop))
                {
                    below[i].Add(file);
                }
            },
            cancellation);
        foreach (ObjectStat file in below.SelectMany(static f => f))
        {
            Take(file);
        }

        files.RemoveAll(file => !partitions.Contains(file.Path.Parent));
        return files;

        void Take(ObjectStat file)
        {
            if (file.Path.Name == PartitionPath.MetadataName)
            {
                partitions.Add(file.Path.Parent);
            }
            else
            {
                files.Add(file);
            }
        }
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
