using System.Collections.Immutable;
using System.Globalization;
using Lakehouse.Storage;

namespace Lakehouse.Engine;

/// <summary>
/// Completed checkpoints in an object store: <c>folder/pipeline/worker/attempt/id/_metadata</c>, put if absent, so the first writer of a
/// checkpoint is the only one. A checkpoint without <c>_metadata</c> never completed.
/// </summary>
public sealed class CheckpointStore(IObjectStore store, ObjectPath folder)
{
    internal const string MetadataName = "_metadata";

    /// <summary>Where a checkpoint lies, relative to the folder of all checkpoints: what <see cref="CompletedCheckpoint.Path"/> holds.</summary>
    public static string PathOf(string pipeline, string worker, string attempt, CheckpointId id) => $"{pipeline}/{worker}/{attempt}/{id}";

    /// <summary>
    /// Makes a checkpoint durable. An unknown outcome is resolved by reading; somebody else's metadata at this path is an error.
    /// </summary>
    public async Task<CompletedCheckpoint> WriteAsync(
        string path, CheckpointId id, ImmutableArray<SubtaskSnapshot> subtasks, CancellationToken cancellation)
    {
        byte[] document = CheckpointMetadata.Encode(id, subtasks);
        ObjectPath metadata = MetadataPath(path);
        bool created;
        try
        {
            created = await store.PutIfAbsentAsync(metadata, document, cancellation) == PutResult.Created;
        }
        catch (ObjectStoreException unknown) when (unknown.OutcomeIsUnknown)
        {
            created = false;
        }

        if (!created)
        {
            byte[]? there = await store.GetAsync(metadata, cancellation);
            if (there is null)
            {
                throw new JobException($"Whether checkpoint '{path}' became durable in {store.Root} is unknown and it is not there.")
                {
                    IsTransient = true,
                };
            }

            if (!there.AsSpan().SequenceEqual(document))
            {
                throw new JobException($"Checkpoint '{path}' in {store.Root} was written by another process of the same attempt. "
                    + "Give every process its own attempt name.");
            }
        }

        return new CompletedCheckpoint(id, path, subtasks);
    }

    /// <summary>Reads a checkpoint, or null when it is not there. Throws <see cref="InvalidDataException"/> when it is damaged.</summary>
    public async Task<CompletedCheckpoint?> ReadAsync(string path, CancellationToken cancellation) =>
        await store.GetAsync(MetadataPath(path), cancellation) is { } document ? CheckpointMetadata.Decode(path, document) : null;

    /// <summary>The completed checkpoints of a worker, of all its attempts, oldest first (by id, then path).</summary>
    public async Task<ImmutableArray<StoredCheckpoint>> ListAsync(string pipeline, string worker, CancellationToken cancellation)
    {
        string prefix = folder.Value.Length == 0 ? "" : folder.Value + "/";
        var found = new List<StoredCheckpoint>();
        await foreach (ObjectStat entry in store.ListAsync(new ObjectPath($"{prefix}{pipeline}/{worker}"), recursive: true, cancellation))
        {
            ObjectPath home = entry.Path.Parent;
            if (entry.Path.Name == MetadataName
                && long.TryParse(home.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
            {
                found.Add(new StoredCheckpoint(new CheckpointId(id), home.Value[prefix.Length..]));
            }
        }

        found.Sort();
        return [.. found];
    }

    /// <summary>
    /// Deletes the oldest of the given checkpoints so that <paramref name="retain"/> stay, and those named by <paramref name="keep"/>
    /// besides. Returns those that are left.
    /// </summary>
    public async Task<ImmutableArray<StoredCheckpoint>> CleanAsync(
        ImmutableArray<StoredCheckpoint> known, int retain, string? keep, CancellationToken cancellation)
    {
        ImmutableArray<StoredCheckpoint>.Builder left = ImmutableArray.CreateBuilder<StoredCheckpoint>();
        for (int i = 0; i < known.Length; i++)
        {
            if (i >= known.Length - retain || known[i].Path == keep)
            {
                left.Add(known[i]);
            }
            else
            {
                await store.DeleteAsync(MetadataPath(known[i].Path), cancellation);
            }
        }

        return left.ToImmutable();
    }

    private ObjectPath MetadataPath(string path) => folder / path / MetadataName;
}

/// <summary>A completed checkpoint as a listing shows it.</summary>
public sealed record StoredCheckpoint(CheckpointId Id, string Path) : IComparable<StoredCheckpoint>
{
    /// <inheritdoc/>
    public int CompareTo(StoredCheckpoint? other) =>
        other is null ? 1 : Id.CompareTo(other.Id) is var byId and not 0 ? byId : string.CompareOrdinal(Path, other.Path);
}
