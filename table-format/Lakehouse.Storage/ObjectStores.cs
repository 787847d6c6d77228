namespace Lakehouse.Storage;

/// <summary>Finds the store that a location names.</summary>
public static class ObjectStores
{
    private const string FileScheme = "file://";

    /// <summary>
    /// The store whose root is a folder, given as a path or as a <c>file://</c> URL, with retries. Throws
    /// <see cref="ArgumentException"/> for a location of any other kind.
    /// </summary>
    public static IObjectStore Open(string location, TimeProvider time, Random random)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(location);
        return new RetryingObjectStore(new LocalObjectStore(LocalFolder(location)), time, random);
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
                $"'{location}': there is no store for '{location[..scheme]}'; write a folder's path or a file:// URL.", nameof(location));
    }
}
