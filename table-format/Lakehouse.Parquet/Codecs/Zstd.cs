using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>libzstd through its simple API, with contexts that are used again. Thread safe: each call takes one of its own.</summary>
internal static unsafe partial class Zstd
{
    private const string Library = "libzstd.so.1";
    private const string Package = "libzstd1";

    /// <summary>The highest level that needs no more memory than others.</summary>
    internal const int LevelMax = 19;

    private static readonly IdlePool<CompressionContext> CompressionContexts =
        new(static () => NativeCodec.NewContext(Library, Package, ZSTD_createCCtx));

    private static readonly IdlePool<DecompressionContext> DecompressionContexts =
        new(static () => NativeCodec.NewContext(Library, Package, ZSTD_createDCtx));

    /// <summary>The library's version.</summary>
    internal static string Version => Marshal.PtrToStringUTF8(ZSTD_versionString()) ?? "unknown";

    /// <summary>Bytes that compressing so many bytes may take at most.</summary>
    internal static int Bound(int length) => checked((int)ZSTD_compressBound((nuint)length));

    /// <summary>Compresses into a destination of at least <see cref="Bound"/> bytes; gives the bytes written.</summary>
    internal static int Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        CompressionContext context = CompressionContexts.Take();
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            nuint written = ZSTD_compressCCtx(context, to, (nuint)destination.Length, from, (nuint)source.Length, level);
            CompressionContexts.Return(context);
            return ZSTD_isError(written) == 0
                ? (int)written
                : throw new InvalidOperationException($"zstd could not compress {source.Length} bytes: {ErrorName(written)}.");
        }
    }

    /// <summary>Decompresses what must fill the destination exactly.</summary>
    internal static void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        DecompressionContext context = DecompressionContexts.Take();
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            nuint written = ZSTD_decompressDCtx(context, to, (nuint)destination.Length, from, (nuint)source.Length);
            DecompressionContexts.Return(context);
            if (ZSTD_isError(written) != 0)
            {
                throw new ParquetFormatException($"zstd data is damaged: {ErrorName(written)}.");
            }

            if (written != (nuint)destination.Length)
            {
                throw new ParquetFormatException($"zstd data holds {written} bytes where the page header says {destination.Length}.");
            }
        }
    }

    private static string ErrorName(nuint code) => Marshal.PtrToStringUTF8(ZSTD_getErrorName(code)) ?? code.ToString("x", null);

    [LibraryImport(Library)]
    private static partial nint ZSTD_versionString();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_compressBound(nuint length);

    [LibraryImport(Library)]
    private static partial CompressionContext ZSTD_createCCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_compressCCtx(
        CompressionContext context, byte* destination, nuint capacity, byte* source, nuint length, int level);

    [LibraryImport(Library)]
    private static partial DecompressionContext ZSTD_createDCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressDCtx(
        DecompressionContext context, byte* destination, nuint capacity, byte* source, nuint length);

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(Library)]
    private static partial nint ZSTD_getErrorName(nuint code);

    /// <summary>A ZSTD_CCtx.</summary>
    internal sealed class CompressionContext() : SafeHandle(0, true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => ZSTD_freeCCtx(handle) == 0;
    }

    /// <summary>A ZSTD_DCtx.</summary>
    internal sealed class DecompressionContext() : SafeHandle(0, true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => ZSTD_freeDCtx(handle) == 0;
    }
}
