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
    internal required PageBytes Made { get; init; }

    /// <summary>The data pages' bytes, in order.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> Pages =>
        Parts.SelectMany(part => part.Taken.IsEmpty ? Made.Range(part.MadeFrom, part.MadeLength) : [part.Taken]);

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
internal readonly record struct JoinedBytes(ReadOnlyMemory<byte> Taken, long MadeFrom, long MadeLength);
