using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// Proves on the rows themselves that each (topic, partition, offset) is there once: one bit per offset, set when a row has it. One coverage
/// may take the rows of several tables that share what they hold of a log. Not thread safe.
/// </summary>
public sealed class OffsetCoverage
{
    private const int FindingCountMax = 100;
    private readonly Dictionary<(string Topic, int Partition), Bits> _seen = [];
    private readonly ImmutableArray<Finding>.Builder _findings = ImmutableArray.CreateBuilder<Finding>();
    private long _findingCount;

    /// <summary>Rows looked at.</summary>
    public long RowCount { get; private set; }

    /// <summary>What was wrong: the first hundred findings and a count of the others.</summary>
    public ImmutableArray<Finding> Findings => _findingCount <= FindingCountMax
        ? _findings.ToImmutable()
        : [.. _findings, new Finding(FindingKind.DuplicateRecord, "table", FormattableString.Invariant(
            $"{_findingCount - FindingCountMax} more findings on single records."))];

    /// <summary>Rows seen per topic and partition.</summary>
    public IReadOnlyDictionary<(string Topic, int Partition), long> Counts =>
        _seen.ToDictionary(s => s.Key, s => s.Value.Count);

    /// <summary>Rows seen of a topic partition from one offset to before another.</summary>
    public long CountIn(string topic, int partition, long start, long end) =>
        _seen.TryGetValue((topic, partition), out Bits? bits) ? bits.CountIn(start, end) : 0;

    /// <summary>
    /// Takes rows of one file and one topic partition. <paramref name="ranges"/> are the ranges of the instant that named the file; an
    /// empty list is not checked against.
    /// </summary>
    public void Add(string path, string topic, int partition, ReadOnlySpan<long> offsets, IReadOnlyList<OffsetRange> ranges)
    {
        OffsetRange? range = ranges.FirstOrDefault(r => r.Key.Partition == partition && r.Key.Topic == topic);
        if (!_seen.TryGetValue((topic, partition), out Bits? bits))
        {
            _seen.Add((topic, partition), bits = new Bits());
        }

        foreach (long offset in offsets)
        {
            if (ranges.Count > 0 && (range is null || offset < range.Start || offset >= range.End))
            {
                Report(FindingKind.RecordOutOfRange, path, topic, partition, offset, "lies outside the ranges of the commit that holds it");
            }

            if (!bits.Set(offset))
            {
                Report(FindingKind.DuplicateRecord, path, topic, partition, offset, "is there more than once");
            }
        }

        RowCount += offsets.Length;
    }

    private void Report(FindingKind kind, string path, string topic, int partition, long offset, string what)
    {
        if (++_findingCount <= FindingCountMax)
        {
            _findings.Add(new Finding(kind, path, FormattableString.Invariant(
                $"The record at {topic}-{partition} offset {offset} {what}.")));
        }
    }

    /// <summary>A set of offsets in chunks, so that a partition that starts late costs no more than one that starts at zero.</summary>
    private sealed class Bits
    {
        private const int ChunkShift = 16;
        private readonly Dictionary<long, ulong[]> _chunks = [];
        private long _lastChunk = -1;
        private ulong[] _last = [];

        internal long Count { get; private set; }

        internal long CountIn(long start, long end)
        {
            long count = 0;
            foreach ((long chunk, ulong[] words) in _chunks)
            {
                long first = chunk << ChunkShift;
                if (first >= start && first + (1 << ChunkShift) <= end)
                {
                    count += Bitmap.CountOnes(MemoryMarshal.AsBytes(words.AsSpan()), 1 << ChunkShift);
                    continue;
                }

                for (long offset = Math.Max(first, start); offset < Math.Min(first + (1 << ChunkShift), end); offset++)
                {
                    int bit = (int)(offset - first);
                    count += (long)(words[bit >> 6] >> (bit & 63)) & 1;
                }
            }

            return count;
        }

        /// <summary>Adds an offset; false when it was there.</summary>
        internal bool Set(long offset)
        {
            long chunk = offset >> ChunkShift;
            if (chunk != _lastChunk)
            {
                if (!_chunks.TryGetValue(chunk, out ulong[]? words))
                {
                    _chunks.Add(chunk, words = new ulong[1 << (ChunkShift - 6)]);
                }

                (_lastChunk, _last) = (chunk, words);
            }

            int bit = (int)(offset & ((1 << ChunkShift) - 1));
            ulong mask = 1UL << (bit & 63);
            if ((_last[bit >> 6] & mask) != 0)
            {
                return false;
            }

            _last[bit >> 6] |= mask;
            Count++;
            return true;
        }
    }
}
