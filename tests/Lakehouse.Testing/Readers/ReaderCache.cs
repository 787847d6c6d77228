namespace Lakehouse.Testing;

/// <summary>
/// Readers that take long to set up are set up once for all runs of a user, in <c>$XDG_CACHE_HOME/lakehouse-tests</c> (else
/// <c>~/.cache/lakehouse-tests</c>), each version in a folder of its own. Test processes that come at the same time wait for the first.
/// </summary>
internal static class ReaderCache
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromMinutes(5);

    /// <summary>Where the reader is; made on first use.</summary>
    internal static string Folder(string nameAndVersion) => Path.Combine(Root(), nameAndVersion);

    /// <summary>Sets a reader up unless it is; null, or why that failed.</summary>
    internal static async Task<string?> SetUpAsync(string nameAndVersion, Func<string, Task<string?>> setUp)
    {
        string folder = Folder(nameAndVersion);
        string done = folder + ".complete";
        if (File.Exists(done))
        {
            return null;
        }

        Directory.CreateDirectory(Root());
        await using FileStream mine = await LockAsync(folder + ".lock");
        if (File.Exists(done))
        {
            return null;
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true); // Half of one: its maker died.
        }

        Directory.CreateDirectory(folder);
        string? failure = await setUp(folder);
        if (failure is null)
        {
            await File.WriteAllTextAsync(done, "");
        }

        return failure;
    }

    private static string Root()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string root = !string.IsNullOrEmpty(cache) ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "lakehouse-tests");
    }

    /// <summary>The lock goes with the process that holds it.</summary>
    private static async Task<FileStream> LockAsync(string path)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(start) < LockPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
        }
    }
}
