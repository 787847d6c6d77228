using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Lakehouse.Storage;

/// <summary>
/// What the class library lacks: <c>link(2)</c>, <c>fsync(2)</c> of a folder, a <c>rename(2)</c> that never falls back to copying, and
/// <c>fallocate(2)</c>.
/// </summary>
internal static partial class PosixFiles
{
    internal const int NoSuchEntry = 2;
    internal const int AlreadyExists = 17;
    private const int NotPermitted = 1;
    private const int IOError = 5;
    private const int OtherFileSystem = 18;
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;
    private const int TryAgain = 11;
    private const int TooManyFilesInSystem = 23;
    private const int TooManyFiles = 24;
    private const int NoSpace = 28;
    private const int TimedOut = 110;
    private const int StaleHandle = 116;
    private const int KeepSize = 1; // FALLOC_FL_KEEP_SIZE
    private const int CloseOnExec = 0x80000; // O_RDONLY is 0; the value is the same on x86-64 and arm64 Linux.

    /// <summary>Gives a file a second name. Returns 0 or the error number; the name is new, or nothing changed.</summary>
    internal static int Link(string existing, string name) =>
        LinkNative(existing, name) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Gives a file another name, atomically replacing what has it. Returns 0 or the error number.</summary>
    internal static int Rename(string existing, string name) =>
        RenameNative(existing, name) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>True when the same call may go well a little later.</summary>
    internal static bool IsTransient(int error) =>
        error is Interrupted or TryAgain or TooManyFilesInSystem or TooManyFiles or TimedOut or StaleHandle;

    /// <summary>Makes the names in a folder durable. Returns 0 or the error number.</summary>
    internal static int SyncFolder(string folder)
    {
        int descriptor = OpenNative(folder, CloseOnExec);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        int error;
        do
        {
            error = SyncNative(descriptor) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (error == Interrupted);

        _ = CloseNative(descriptor);

        // Some network file systems cannot sync a folder because its names are durable at once; they say so with this error.
        return error == InvalidArgument ? 0 : error;
    }

    /// <summary>Asks for blocks ahead of what will be written; the file gets no longer. Nothing happens where that is not possible.</summary>
    internal static void Allocate(SafeFileHandle file, long offset, long length) => _ = AllocateNative(file, KeepSize, offset, length);

    /// <summary>What an error number means here and what to do about it.</summary>
    internal static string Explain(int error) => error switch
    {
        NotPermitted => "this file system does not allow this; hard links are needed (ext4, xfs, btrfs have them)",
        OtherFileSystem => "the folder lies on another file system than the store's root; a table must lie on one file system",
        NoSpace => "the disk is full; free some space and start again",
        TooManyFiles or TooManyFilesInSystem => "too many open files; raise the limit (ulimit -n)",
        IOError => "the disk reported an input/output error; look at the kernel's log",
        _ => Marshal.GetPInvokeErrorMessage(error),
    };

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkNative(string existing, string name);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameNative(string existing, string name);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncNative(int descriptor);

    [LibraryImport("libc", EntryPoint = "fallocate")]
    private static partial int AllocateNative(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseNative(int descriptor);
}
