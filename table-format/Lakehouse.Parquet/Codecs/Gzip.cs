using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// Gzip members, one or several after each other (RFC 1952, 2.2), through libdeflate: it packs and unpacks whole pages, with contexts that are
/// used again. Thread safe: each call takes one of its own.
/// </summary>
internal static unsafe partial class Gzip
{
    /// <summary>The level that gzip takes when none is named.</summary>
    internal const int LevelDefault = 6;

    /// <summary>The highest level that gzip itself has; the library's further ones take ten times as long.</summary>
    internal const int LevelMax = 9;

    private const string Library = "libdeflate.so.0";
    private const string Package = "libdeflate0";

    private static readonly IdlePool<Decompressor> Decompressors =
        new(static () => NativeCodec.NewContext(Library, Package, libdeflate_alloc_decompressor));

    // A context is made for its level.
    private static readonly IdlePool<Compressor>[] Compressors =
    [
        .. Enumerable.Range(1, LevelMax).Select(static level => new IdlePool<Compressor>(
            () => NativeCodec.NewContext(Library, Package, () => libdeflate_alloc_compressor(level)))),
    ];

    private static ReadOnlySpan<byte> Magic => [0x1f, 0x8b];

    /// <summary>Bytes that compressing so many bytes may take at most.</summary>
    internal static int Bound(int length)
    {
        try
        {
            return checked((int)libdeflate_gzip_compress_bound(0, (nuint)length));
        }
        catch (DllNotFoundException e)
        {
            throw NativeCodec.Missing(Library, Package, e);
        }
    }

    /// <summary>Compresses into a target of at least <see cref="Bound"/> bytes; gives the bytes written.</summary>
    internal static int Compress(ReadOnlySpan<byte> source, Span<byte> target, int level)
    {
        IdlePool<Compressor> contexts = Compressors[level - 1];
        Compressor context = contexts.Take();
        fixed (byte* from = source)
        fixed (byte* to = target)
        {
            nuint written = libdeflate_gzip_compress(context, from, (nuint)source.Length, to, (nuint)target.Length);
            contexts.Return(context);
            return written > 0 ? (int)written : throw new InvalidOperationException($"libdeflate could not compress {source.Length} bytes.");
        }
    }

    /// <summary>
    /// Decompresses what must fill the target exactly. Each member brings its length and checksum; what follows the last one without being a
    /// member is left alone, as gzip does.
    /// </summary>
    internal static void Decompress(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        if (packed.IsEmpty)
        {
            throw new ParquetFormatException("Gzip data is missing.");
        }

        Decompressor context = Decompressors.Take();
        Outcome outcome;
        do
        {
            outcome = Member(context, ref packed, ref target);
        }
        while (outcome == Outcome.Success && packed.StartsWith(Magic));

        Decompressors.Return(context);
        if (outcome == Outcome.BadData)
        {
            throw new ParquetFormatException("Gzip data is damaged.");
        }

        if (outcome != Outcome.Success || !target.IsEmpty)
        {
            throw new ParquetFormatException("Gzip data is not of the length that the page header says.");
        }
    }

    /// <summary>Decompresses one member, and takes what it was and what it made off the spans.</summary>
    private static Outcome Member(Decompressor context, ref ReadOnlySpan<byte> packed, ref Span<byte> target)
    {
        fixed (byte* from = packed)
        fixed (byte* to = target)
        {
            nuint read;
            nuint written;
            Outcome outcome = libdeflate_gzip_decompress_ex(context, from, (nuint)packed.Length, to, (nuint)target.Length, &read, &written);
            if (outcome == Outcome.Success)
            {
                packed = packed[(int)read..];
                target = target[(int)written..];
            }

            return outcome;
        }
    }

    [LibraryImport(Library)]
    private static partial Compressor libdeflate_alloc_compressor(int level);

    [LibraryImport(Library)]
    private static partial void libdeflate_free_compressor(nint context);

    [LibraryImport(Library)]
    private static partial nuint libdeflate_gzip_compress_bound(nint context, nuint length);

    [LibraryImport(Library)]
    private static partial nuint libdeflate_gzip_compress(Compressor context, byte* source, nuint length, byte* target, nuint capacity);

    [LibraryImport(Library)]
    private static partial Decompressor libdeflate_alloc_decompressor();

    [LibraryImport(Library)]
    private static partial void libdeflate_free_decompressor(nint context);

    [LibraryImport(Library)]
    private static partial Outcome libdeflate_gzip_decompress_ex(
        Decompressor context, byte* packed, nuint length, byte* target, nuint capacity, nuint* read, nuint* written);

    // enum libdeflate_result
    private enum Outcome
    {
        Success = 0,
        BadData = 1,
        ShortOutput = 2,
        InsufficientSpace = 3,
    }

    /// <summary>A libdeflate_compressor.</summary>
    internal sealed class Compressor() : SafeHandle(0, true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            libdeflate_free_compressor(handle);
            return true;
        }
    }

    /// <summary>A libdeflate_decompressor.</summary>
    internal sealed class Decompressor() : SafeHandle(0, true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            libdeflate_free_decompressor(handle);
            return true;
        }
    }
}
