using System.Buffers;
using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// Finds out which dictionaries of a column are the beginning of each other, byte by byte: pages of such chunks can stand behind the longest
/// one as they are. Remembers the longest dictionary of each family up to a limit. Not thread safe.
/// </summary>
public sealed class DictionaryFamilies : IDisposable
{
    private const int RememberedPerColumn = 2;
    private readonly Dictionary<string, List<Family>> _columns = new(StringComparer.Ordinal);
    private int _nextNumber;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Family family in _columns.Values.SelectMany(static f => f))
        {
            family.Longest.Dispose();
        }

        _columns.Clear();
    }

    /// <summary>Reads the dictionaries of a file; gives the family of each chunk that has one.</summary>
    internal async Task<IReadOnlyDictionary<(int RowGroup, int Chunk), int>> ClassifyAsync(
        IObjectStore store, ObjectPath path, ParquetFileReader reader, CancellationToken cancellation)
    {
        var families = new Dictionary<(int, int), int>();
        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            ImmutableArray<ColumnChunk> chunks = reader.MetaData.RowGroups[g].Columns;
            var ranges = new List<(int Chunk, byte[] Bytes, long Offset)>();
            for (int c = 0; c < chunks.Length; c++)
            {
                if (chunks[c].MetaData is { DictionaryPageOffset: >= 4 and long at, DataPageOffset: long data } && data > at)
                {
                    ranges.Add((c, new byte[data - at], at));
                }
            }

            await store.ReadAsync(path, [.. ranges.Select(static r => new ReadRange(r.Offset, r.Bytes))], cancellation);
            foreach ((int chunk, byte[] bytes, _) in ranges)
            {
                families[(g, chunk)] = Classify(chunks[chunk].MetaData, bytes);
            }
        }

        return families;
    }

    private int Classify(ColumnMetaData chunk, byte[] page)
    {
        PageHeader header = PageHeaderFormat.Read(page, out int headerBytes);
        if (header.CompressedPageSize < 0 || header.CompressedPageSize > page.Length - headerBytes)
        {
            return _nextNumber++; // < What is wrong with it is said when it is merged.
        }

        var body = new PooledBuffer(Math.Max(1, header.UncompressedPageSize));
        PageAssembly.Unpack(chunk.Codec, header, page.AsSpan(headerBytes, header.CompressedPageSize), body);
        string column = string.Join('.', chunk.PathInSchema);
        List<Family> known = _columns.TryGetValue(column, out List<Family>? found) ? found : _columns[column] = [];
        foreach (Family family in known)
        {
            int shared = Math.Min(family.Longest.Length, body.Length);
            if (family.Longest.Written[..shared].SequenceEqual(body.Written[..shared]))
            {
                if (body.Length > shared)
                {
                    (family.Longest, body) = (body, family.Longest);
                }

                body.Dispose();
                return family.Number;
            }
        }

        if (known.Count == RememberedPerColumn)
        {
            known[0].Longest.Dispose();
            known.RemoveAt(0);
        }

        known.Add(new Family(_nextNumber, body));
        return _nextNumber++;
    }

    private sealed class Family(int number, PooledBuffer longest)
    {
        internal int Number => number;

        internal PooledBuffer Longest { get; set; } = longest;
    }
}
