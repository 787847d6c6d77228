using System.Buffers;

namespace Lakehouse.Parquet;

/// <summary>
/// The pages of a chunk, in pieces of memory: it grows without moving what is there, and pieces of a few megabytes come back from the pool warm,
/// where one array of the chunk's size would be new memory again and again. A page lies within a piece. Not thread safe; Dispose gives the
/// pieces back.
/// </summary>
internal sealed class PageBytes : IDisposable
{
    private const int PieceBytesMin = 64 << 10;
    private const int PieceBytesMax = 4 << 20;
    private readonly PooledBuffer _last = new(0);
    private (byte[] Array, int Length)[] _full = [];
    private int _fullCount;
    private long _fullByteCount;

    internal long Length => _fullByteCount + _last.Length;

    /// <summary>What is written, in order.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> Pieces => Range(0, Length);

    /// <summary>Some of what is written, in order.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> Range(long from, long length)
    {
        for (int i = 0; i <= _fullCount && length > 0; i++)
        {
            ReadOnlyMemory<byte> piece = i < _fullCount ? _full[i].Array.AsMemory(0, _full[i].Length) : _last.WrittenMemory;
            if (from < piece.Length)
            {
                piece = piece.Slice((int)from, (int)Math.Min(piece.Length - from, length));
                yield return piece;
                length -= piece.Length;
                from += piece.Length;
            }

            from -= i < _fullCount ? _full[i].Length : 0;
        }
    }

    /// <summary>The piece that the next page is appended to, with room for so many bytes.</summary>
    internal PooledBuffer RoomFor(int bytes)
    {
        if (_last.Capacity - _last.Length < bytes)
        {
            int capacity = (int)Math.Max(bytes, Math.Clamp(Length, PieceBytesMin, PieceBytesMax));
            if (_last.Length > 0)
            {
                PooledArrays.Grow(ref _full, _fullCount, _fullCount + 1);
                _fullByteCount += _last.Length;
                _full[_fullCount++] = (_last.Replace(capacity, out int length), length);
            }
            else
            {
                _last.Reserve(capacity);
            }
        }

        return _last;
    }

    /// <summary>A page's bytes.</summary>
    internal ReadOnlySpan<byte> Page(in EncodedPage page)
    {
        long at = page.Offset;
        for (int i = 0; i < _fullCount; i++)
        {
            if (at < _full[i].Length)
            {
                return _full[i].Array.AsSpan((int)at, page.ByteCount);
            }

            at -= _full[i].Length;
        }

        return _last.Written.Slice((int)at, page.ByteCount);
    }

    /// <summary>All that is written as one piece, which it is from now on.</summary>
    internal ReadOnlyMemory<byte> Join()
    {
        if (_fullCount > 0)
        {
            using var one = new PooledBuffer(checked((int)Length));
            foreach (ReadOnlyMemory<byte> piece in Pieces)
            {
                one.Append(piece.Span);
            }

            Dispose();
            _last.Exchange(one);
        }

        return _last.WrittenMemory;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _last.Dispose();
        for (int i = 0; i < _fullCount; i++)
        {
            ArrayPool<byte>.Shared.Return(_full[i].Array);
        }

        if (_full.Length > 0)
        {
            ArrayPool<(byte[], int)>.Shared.Return(_full, clearArray: true);
        }

        (_full, _fullCount, _fullByteCount) = ([], 0, 0);
    }
}
