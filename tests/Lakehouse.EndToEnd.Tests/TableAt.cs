using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>Where a run keeps its table: in a folder, or in a real object store.</summary>
internal sealed record TableAt(string Location, S3Service? Store = null)
{
    /// <summary>What a process needs in its environment to reach the table.</summary>
    public IReadOnlyDictionary<string, string> Environment => Store?.Environment ?? new Dictionary<string, string>();

    private IObjectStore Objects =>
        Store is null ? new LocalObjectStore(Location) : Store.NewStore(Location[$"s3://{S3Service.Bucket}/".Length..]);

    /// <summary>Deletes everything below a folder of the table.</summary>
    public async Task DeleteBelowAsync(string folder, CancellationToken cancellation)
    {
        IObjectStore objects = Objects;
        List<ObjectPath> found = [];
        await foreach (ObjectStat one in objects.ListAsync(new ObjectPath(folder), recursive: true, cancellation))
        {
            found.Add(one.Path);
        }

        foreach (ObjectPath path in found)
        {
            await objects.DeleteAsync(path, cancellation);
        }
    }

    /// <summary>A folder with the table's bytes, for readers that know folders only: its own, or a copy of the bucket's.</summary>
    public async Task<string> InFolderAsync(TemporaryFolder scratch, CancellationToken cancellation)
    {
        if (Store is null)
        {
            return Location;
        }

        IObjectStore objects = Objects;
        string folder = scratch["copy"];
        await foreach (ObjectStat found in objects.ListAsync(default, recursive: true, cancellation))
        {
            string file = Path.Combine(folder, found.Path.Value);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, await objects.GetAsync(found.Path, cancellation) ?? [], cancellation);
        }

        return folder;
    }
}
