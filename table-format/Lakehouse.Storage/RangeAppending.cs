using System.Buffers;

namespace Lakehouse.Storage;

/// <summary>Moves bytes of an object into an upload through this process.</summary>
public static class RangeAppending
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Reads and writes a range piece by piece.</summary>
    public static async Task ReadAndWriteAsync(
        IObjectUpload upload, IObjectStore store, ObjectPath source, long offset, long length, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(upload);
        ArgumentNullException.ThrowIfNull(store);
        byte[] piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, PieceBytes));
        try
        {
            for (long at = 0; at < length;)
            {
                Memory<byte> bytes = piece.AsMemory(0, (int)Math.Min(piece.Length, length - at));
                await store.ReadAsync(source, offset + at, bytes, cancellation);
                await upload.WriteAsync(bytes, cancellation);
                at += bytes.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
