using System.Text;

namespace Lakehouse.Ingest;

/// <summary>Rows counted by split between two barriers. Its bytes are <c>i32 count { string split, i64 rows }</c>, little endian.</summary>
internal sealed class SplitCounts
{
    private readonly SortedDictionary<string, long> _rows = new(StringComparer.Ordinal);

    internal IEnumerable<KeyValuePair<string, long>> All => _rows;

    internal long this[string split] => _rows.GetValueOrDefault(split);

    internal void Add(string split, long rows)
    {
        if (rows != 0)
        {
            _rows[split] = _rows.GetValueOrDefault(split) + rows;
        }
    }

    internal void Add(SplitCounts other)
    {
        foreach ((string split, long rows) in other._rows)
        {
            Add(split, rows);
        }
    }

    internal void Clear() => _rows.Clear();

    internal void WriteTo(BinaryWriter writer)
    {
        writer.Write(_rows.Count);
        foreach ((string split, long rows) in _rows)
        {
            writer.Write(split);
            writer.Write(rows);
        }
    }

    internal byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        WriteTo(writer);
        writer.Flush();
        return stream.ToArray();
    }

    internal static SplitCounts FromBytes(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        return ReadFrom(reader);
    }

    internal static SplitCounts ReadFrom(BinaryReader reader)
    {
        var counts = new SplitCounts();
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            counts.Add(reader.ReadString(), reader.ReadInt64());
        }

        return counts;
    }
}
