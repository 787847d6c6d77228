namespace Lakehouse.Parquet;

/// <summary>A merged chunk: pages that lie where the inputs were read to, and pages that were made. Owns the latter only.</summary>
internal sealed record JoinedChunk : ChunkFacts, IDisposable
{
    /// <summary>The dictionary page with its header; empty when there is none.</summary>
    internal required ReadOnlyMemory<byte> DictionaryPage { get; init; }

    /// <summary>What holds the dictionary page when it was made; null when it is an input's.</summary>
    internal required PooledBuffer? MadeDictionary { get; init; }

    /// <summary>The data pages in order.</summary>
    internal required IReadOnlyList<JoinedBytes> Parts { get; init; }

    /// <summary>What was made.</summary>
    internal required PooledBuffer Made { get; init; }

    /// <summary>The bytes of a part.</summary>
    internal ReadOnlyMemory<byte> BytesOf(JoinedBytes part) =>
        part.Taken.IsEmpty ? Made.WrittenMemory.Slice(part.MadeFrom, part.MadeLength) : part.Taken;

    /// <summary>Gives back what the footer does not need.</summary>
    internal void ReleasePages()
    {
        MadeDictionary?.Dispose();
        Made.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleasePages();
        Bounds.Dispose();
    }
}

/// <summary>Some pages of a merged chunk: bytes of an input, or, when that is empty, a range of what was made.</summary>
internal readonly record struct JoinedBytes(ReadOnlyMemory<byte> Taken, int MadeFrom, int MadeLength);
