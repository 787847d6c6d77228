namespace Lakehouse.Parquet;

/// <summary>A column chunk ready to be written: its pages with their headers, and what the footer and the page index say about them.</summary>
internal sealed record EncodedChunk : ChunkFacts, IDisposable
{
    /// <summary>The dictionary page with its header, or null. Its bytes are there until <see cref="ReleasePages"/>.</summary>
    internal PooledBuffer? DictionaryPage
    {
        get;
        init => (field, DictionaryByteCount) = (value, value?.Length ?? 0);
    }

    /// <summary>The data pages with their headers, without gaps. Their bytes are there until <see cref="ReleasePages"/>.</summary>
    internal required PageBytes Pages
    {
        get;
        init => (field, PagesByteCount) = (value, value.Length);
    }

    /// <summary>Gives the bytes of the pages back once they are written; what the footer says of them stays.</summary>
    internal void ReleasePages()
    {
        DictionaryPage?.Dispose();
        Pages.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleasePages();
        Bounds.Dispose();
    }
}
