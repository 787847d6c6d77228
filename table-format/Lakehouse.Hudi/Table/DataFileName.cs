using System.Buffers.Binary;

namespace Lakehouse.Hudi;

/// <summary>
/// The name of a base file, <c>fileId_writeToken_instant.parquet</c>. File id and token hold neither '_' nor '.': Hudi's parsers
/// split at exactly two underscores before the first dot.
/// </summary>
internal readonly record struct DataFileName(string FileId, string WriteToken, string Instant)
{
    private const string Extension = ".parquet";

    public override string ToString() => $"{FileId}_{WriteToken}_{Instant}{Extension}";

    internal static bool TryParse(string name, out DataFileName file)
    {
        file = default;
        if (!name.EndsWith(Extension, StringComparison.Ordinal))
        {
            return false;
        }

        string[] parts = name[..^Extension.Length].Split('_');
        if (parts.Length != 3 || parts[0].Length == 0 || name.AsSpan(0, name.Length - Extension.Length).Contains('.')
            || !InstantTime.TryParse(parts[2], out _))
        {
            return false;
        }

        file = new DataFileName(parts[0], parts[1], parts[2]);
        return true;
    }

    /// <summary>A file id of 128 bits: a lower-case UUID of version 4 and the file's number within its task, always 0.</summary>
    internal static string MakeFileId(long high, long low)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, high);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], low);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D") + "-0";
    }
}
