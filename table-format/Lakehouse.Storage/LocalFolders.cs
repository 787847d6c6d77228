using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Lakehouse.Storage;

/// <summary>
/// The folders behind a local store: where an object lies, where unfinished files lie, and what makes a new name durable.
/// <para>
/// Unfinished files lie in a reserved folder of the same file system, because <c>link</c> and <c>rename</c> do not cross file systems:
/// <c>.hoodie/.temp/.local</c> in a Hudi table, where no reader looks, <c>.local</c> elsewhere. Listings hide it and paths into it are
/// refused. Each unfinished file is locked by its writer, so what a dead process left can be told from what lives.
/// </para>
/// </summary>
internal sealed class LocalFolders
{
    private const string TableFolder = ".hoodie";
    private const string ReservedInTable = ".hoodie/.temp/.local";
    private const string ReservedElsewhere = ".local";
    private const int DurableFoldersMax = 16_384;
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<string, bool> _durable = new(StringComparer.Ordinal);
    private int _swept;

    internal LocalFolders(string root)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        Root = ResolveLinks(full);
    }

    /// <summary>The absolute root, free of symbolic links as far as it existed at opening.</summary>
    internal string Root { get; }

    /// <summary>True for the folder of unfinished files and everything in it.</summary>
    internal static bool IsReserved(ObjectPath path) =>
        IsAtOrBelow(path.Value, ReservedInTable) || IsAtOrBelow(path.Value, ReservedElsewhere);

    /// <summary>
    /// Where an object lies. Refuses reserved names and every way that leads through a symbolic link, so no path leaves the root.
    /// </summary>
    internal string Locate(string operation, ObjectPath path)
    {
        if (IsReserved(path))
        {
            throw new ObjectStoreException(operation, Root, path, "this folder is reserved for unfinished files");
        }

        string location = Root;
        if (path.Value.Length > 0)
        {
            foreach (string segment in path.Value.Split('/'))
            {
                location = location + "/" + segment;
                if (IsSymbolicLink(location))
                {
                    throw new ObjectStoreException(
                        operation, Root, path, $"'{location}' is a symbolic link; the store follows none, put the folder itself there");
                }
            }
        }

        return location;
    }

    /// <summary>Opens a new unfinished file, locked by this process until its handle is closed.</summary>
    internal SafeFileHandle CreateTemporary(ObjectPath target, out string location)
    {
        bool inTable = IsAtOrBelow(target.Value, TableFolder) || Directory.Exists(Root + "/" + TableFolder);
        string folder = Root + "/" + (inTable ? ReservedInTable : ReservedElsewhere);
        Directory.CreateDirectory(folder);
        location = folder + "/" + RandomNumberGenerator.GetHexString(24, lowercase: true);
        SafeFileHandle handle = File.OpenHandle(location, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        if (Interlocked.Exchange(ref _swept, 1) == 0)
        {
            // The file system's own clock says how old a file is: it wrote both times.
            RemoveStale(folder, File.GetLastWriteTimeUtc(handle) - StaleAfter);
        }

        return handle;
    }

    /// <summary>Creates the folders above an object where they are missing, and makes their names durable.</summary>
    internal void CreateParents(string operation, ObjectPath path)
    {
        string parent = Path.GetDirectoryName(Root + "/" + path.Value) ?? Root;
        if (_durable.ContainsKey(parent) && Directory.Exists(parent))
        {
            return;
        }

        string highest = Root;
        while (!Directory.Exists(highest) && Path.GetDirectoryName(highest) is string above)
        {
            highest = above;
        }

        Directory.CreateDirectory(parent);

        // Another process may have made a folder a moment ago and not yet have synced it, so all are synced once by us.
        for (string? folder = parent; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (!Sync(operation, path, folder))
            {
                // Emptied and removed by somebody else meanwhile: not durable, and the caller's link will say so and come back.
                return;
            }

            if (folder.Length <= highest.Length)
            {
                break;
            }
        }

        if (_durable.Count >= DurableFoldersMax)
        {
            _durable.Clear();
        }

        _durable[parent] = true;
    }

    /// <summary>Makes the names in a folder durable, or throws. False when the folder is gone: whoever removed it found it empty.</summary>
    internal bool Sync(string operation, ObjectPath path, string folder)
    {
        int error = PosixFiles.SyncFolder(folder);
        if (error == PosixFiles.NoSuchEntry)
        {
            return false;
        }

        if (error != 0)
        {
            throw new ObjectStoreException(operation, Root, path, $"fsync of folder {folder}: {PosixFiles.Explain(error)}")
            {
                OutcomeIsUnknown = true,
            };
        }

        return true;
    }

    /// <summary>Removes the folders above a deleted object that are now empty: other stores have no empty folders either.</summary>
    internal void RemoveEmptyParents(string location)
    {
        for (string? folder = Path.GetDirectoryName(location); folder is not null && folder.Length > Root.Length;
            folder = Path.GetDirectoryName(folder))
        {
            try
            {
                Directory.Delete(folder, recursive: false);
            }
            catch (IOException)
            {
                return; // Not empty, or already gone: both are fine.
            }
            catch (UnauthorizedAccessException)
            {
                return; // The folder above is not ours to change.
            }
        }
    }

    /// <summary>True when the name itself is a symbolic link, whatever it points to.</summary>
    internal static bool IsSymbolicLink(string location)
    {
        try
        {
            return (File.GetAttributes(location) & FileAttributes.ReparsePoint) != 0;
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static void RemoveStale(string folder, DateTime before)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { AttributesToSkip = 0 }))
        {
            try
            {
                if (File.GetLastWriteTimeUtc(file) < before)
                {
                    // Opening without sharing fails while the writer lives and holds its lock.
                    using SafeFileHandle handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                    File.Delete(file);
                }
            }
            catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
            {
                // In use, or another process sweeps as well. Tidying never stops a write.
            }
        }
    }

    private static string ResolveLinks(string full)
    {
        string resolved = "";
        foreach (string segment in full.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            resolved = resolved + "/" + segment;
            if (Directory.Exists(resolved)
                && new DirectoryInfo(resolved).ResolveLinkTarget(returnFinalTarget: true) is FileSystemInfo target)
            {
                resolved = ResolveLinks(target.FullName);
            }
        }

        return resolved.Length == 0 ? "/" : resolved;
    }

    private static bool IsAtOrBelow(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || path[folder.Length] == '/');
}
