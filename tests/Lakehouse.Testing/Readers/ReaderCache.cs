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

        await using FileStream turn = await TurnAsync(nameAndVersion);
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

    /// <summary>Waits until no other process sets up what has this name; its turn ends when what is returned is disposed, or with the process.</summary>
    internal static async Task<FileStream> TurnAsync(string name)
    {
        Directory.CreateDirectory(Root());
        string path = Folder(name) + ".lock";
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

    private static string Root()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string root = !string.IsNullOrEmpty(cache) ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "lakehouse-tests");
    }
}
