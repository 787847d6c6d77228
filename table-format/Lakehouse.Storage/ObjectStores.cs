namespace Lakehouse.Storage;

/// <summary>Finds the store that a location names.</summary>
public static class ObjectStores
{
    private const string FileScheme = "file://";

    /// <summary>
    /// The store at a location, with retries: a folder, given as a path or as a <c>file://</c> URL, or <c>s3://bucket/folder</c>. Throws
    /// <see cref="ArgumentException"/> for a location of any other kind.
    /// </summary>
    /// <param name="location">Where the store's root is.</param>
    /// <param name="s3">How to reach S3.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">What spreads retries.</param>
    public static IObjectStore Open(string location, S3Settings s3, TimeProvider time, Random random)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(location);
        ArgumentNullException.ThrowIfNull(s3);
        var retries = new Retries(time, random);
        return new RetryingObjectStore(
            S3Location.IsS3(location) ? new S3ObjectStore(location, s3, time, retries) : new LocalObjectStore(LocalFolder(location)), retries);
    }

    private static string LocalFolder(string location)
    {
        if (location.StartsWith(FileScheme, StringComparison.OrdinalIgnoreCase))
        {
            return Uri.TryCreate(location, UriKind.Absolute, out Uri? url) && url.Host.Length == 0
                ? url.LocalPath
                : throw new ArgumentException($"'{location}' names another machine; write file:///folder or a path.", nameof(location));
        }

        int scheme = location.IndexOf("://", StringComparison.Ordinal);
        return scheme < 0
            ? location
            : throw new ArgumentException(
                $"'{location}': there is no store for '{location[..scheme]}'; write a folder's path, a file:// URL or s3://bucket/folder.",
                nameof(location));
    }
}
