namespace Lakehouse.Benchmarks;

/// <summary>The first lines of a file of JSON objects, back to back in memory as a consumer would hold them.</summary>
internal sealed class NdjsonFile
{
    private readonly byte[] _bytes;
    private readonly int[] _ends;

    private NdjsonFile(byte[] bytes, int[] ends) => (_bytes, _ends) = (bytes, ends);

    internal int RowCount => _ends.Length;

    internal long JsonByteCount => RowCount == 0 ? 0 : _ends[^1] - RowCount + 1;

    internal ReadOnlySpan<byte> this[int row]
    {
        get
        {
            int start = row == 0 ? 0 : _ends[row - 1] + 1;
            return _bytes.AsSpan(start, _ends[row] - start);
        }
    }

    internal static NdjsonFile Read(string path, int rowCountMax)
    {
        byte[] bytes = File.ReadAllBytes(path);
        var ends = new List<int>(rowCountMax);
        int at = 0;
        while (ends.Count < rowCountMax && bytes.AsSpan(at).IndexOf((byte)'\n') is int length and >= 0)
        {
            ends.Add(at + length);
            at += length + 1;
        }

        return new NdjsonFile(bytes, [.. ends]);
    }
}
