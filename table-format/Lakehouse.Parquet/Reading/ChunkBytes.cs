using System.Buffers;
using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// The bytes of a chunk that are read, run after run, as they come in: all of them at once, or by windows, of which the next is fetched
/// while one is decoded. Owns pooled arrays. Not thread safe.
/// </summary>
internal sealed class ChunkBytes : IDisposable
{
    private readonly ImmutableArray<PageRun> _runs;
    private readonly long _total;

    /// <summary>What is there: bytes from <see cref="_start"/> on of all runs put together.</summary>
    private byte[] _bytes = [];
    private long _start;
    private int _count;

    /// <summary>What is being fetched, behind it.</summary>
    private byte[] _incoming = [];
    private int _incomingCount;
    private Task? _fetch;

    private int _run = -1;
    private long _runStart;
    private long _runEnd;
    private long _position;

    internal ChunkBytes(ImmutableArray<PageRun> runs)
    {
        _runs = runs;
        _total = runs.Sum(static r => r.Length);
    }

    /// <summary>A chunk whose bytes are there, in an array that was rented.</summary>
    internal ChunkBytes(long fileOffset, byte[] bytes, int count)
        : this(ChunkPlan.Whole(fileOffset, count)) => (_bytes, _count) = (bytes, count);

    /// <summary>Bytes of all runs.</summary>
    internal long Total => _total;

    /// <summary>Bytes that are fetched at a time when not all at once.</summary>
    internal int WindowBytes { get; set; } = int.MaxValue;

    /// <summary>The run that is read.</summary>
    internal PageRun Run => _runs[_run];

    /// <summary>Where in the file the next byte lies.</summary>
    internal long FileOffset => _run < 0 ? _runs[0].Offset : _runs[_run].Offset + (_position - _runStart);

    /// <summary>The array in which the bytes are that are there.</summary>
    internal byte[] Array => _bytes;

    /// <summary>Where in it the next byte is.</summary>
    internal int Position => (int)(_position - _start);

    /// <summary>What is there of the run, from the next byte on.</summary>
    internal ReadOnlySpan<byte> Rest => _bytes.AsSpan(Position, (int)(Math.Min(_start + _count, _runEnd) - _position));

    /// <summary>Bytes of the run that are left, those included that are not there yet.</summary>
    internal long Left => _runEnd - _position;

    /// <summary>Goes on to the next run if this one has ended; false when all have.</summary>
    internal bool NextRun(out bool isNew)
    {
        isNew = false;
        while (_position == _runEnd)
        {
            if (_run + 1 == _runs.Length)
            {
                return false;
            }

            _run++;
            (_runStart, _runEnd) = (_runEnd, _runEnd + _runs[_run].Length);
            isNew = true;
        }

        return true;
    }

    internal void Advance(int bytes) => _position += bytes;

    /// <summary>Adds what is fetched next to the ranges; it is there after <see cref="Arrive"/>.</summary>
    internal void Request(long bytes, List<ReadRange> ranges)
    {
        long from = _start + _count;
        _incomingCount = (int)Math.Min(bytes, Math.Min(_total - from, 1 << 30));
        _incoming = ArrayPool<byte>.Shared.Rent(Math.Max(1, _incomingCount));
        long runStart = 0;
        int filled = 0;
        foreach (PageRun run in _runs)
        {
            long begin = Math.Max(from, runStart);
            long end = Math.Min(from + _incomingCount, runStart + run.Length);
            if (begin < end)
            {
                int length = (int)(end - begin);
                long offset = run.Offset + (begin - runStart);
                Memory<byte> destination = _incoming.AsMemory(filled, length);
                filled += length;

                // Runs that follow each other in the file are one range.
                if (begin > from && ranges[^1].Offset + ranges[^1].Destination.Length == offset)
                {
                    int before = ranges[^1].Destination.Length;
                    ranges[^1] = new ReadRange(ranges[^1].Offset, _incoming.AsMemory(filled - length - before, before + length));
                }
                else
                {
                    ranges.Add(new ReadRange(offset, destination));
                }
            }

            runStart += run.Length;
        }
    }

    /// <summary>Takes over what was requested: it has been fetched.</summary>
    internal void Arrive()
    {
        int tail = _count - Position;
        if (tail == 0)
        {
            Return(ref _bytes);
            (_bytes, _count) = (_incoming, _incomingCount);
        }
        else
        {
            byte[] joined = ArrayPool<byte>.Shared.Rent(tail + _incomingCount);
            _bytes.AsSpan(Position, tail).CopyTo(joined);
            _incoming.AsSpan(0, _incomingCount).CopyTo(joined.AsSpan(tail));
            Return(ref _bytes);
            Return(ref _incoming);
            (_bytes, _count) = (joined, tail + _incomingCount);
        }

        (_start, _incoming, _incomingCount) = (_position, [], 0);
    }

    /// <summary>Begins to fetch the next window, if there is one.</summary>
    internal void FetchAhead(IObjectStore store, ObjectPath path, CancellationToken cancellation)
    {
        if (_fetch is null && _start + _count < _total)
        {
            var ranges = new List<ReadRange>();
            Request(WindowBytes, ranges);
            _fetch = store.ReadAsync(path, ranges, cancellation);
        }
    }

    /// <summary>Waits for the next window and begins to fetch the one behind it.</summary>
    internal async Task FillAsync(IObjectStore store, ObjectPath path, CancellationToken cancellation)
    {
        FetchAhead(store, path, cancellation);
        Invariant.Holds(_fetch is not null, "a chunk that wants bytes has bytes that are not there yet");
        await _fetch;
        _fetch = null;
        if (Position == 0 && _count > 0)
        {
            WindowBytes = (int)Math.Min(2L * WindowBytes, 1 << 30); // A page is larger than a window.
        }

        Arrive();
        FetchAhead(store, path, cancellation);
    }

    /// <summary>Waits until nothing writes into the arrays any more; how the fetch ended is of no interest.</summary>
    internal async Task SettleAsync()
    {
        if (_fetch is not null)
        {
            await Task.WhenAny(_fetch);
            _ = _fetch.Exception;
            _fetch = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Return(ref _bytes);
        Return(ref _incoming);
    }

    private static void Return(ref byte[] array)
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
            array = [];
        }
    }
}
