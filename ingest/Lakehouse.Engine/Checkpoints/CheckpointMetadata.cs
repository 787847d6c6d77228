using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;

namespace Lakehouse.Engine;

/// <summary>
/// The <c>_metadata</c> document of a completed checkpoint, little endian:
/// <code>
/// "LHCP" u32 version=1 | i64 id | i32 subtasks { bytes source | i32 operators { bytes } | bytes committable } | u32 crc32c of all before
/// bytes = i32 length, content
/// </code>
/// </summary>
internal static class CheckpointMetadata
{
    private const int Version = 1;
    private const int SubtaskCountMax = 1 << 16;

    private static ReadOnlySpan<byte> Magic => "LHCP"u8;

    internal static byte[] Encode(CheckpointId id, ImmutableArray<SubtaskSnapshot> subtasks)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(id.Value);
            writer.Write(subtasks.Length);
            foreach (SubtaskSnapshot subtask in subtasks)
            {
                WriteBytes(writer, subtask.Source);
                writer.Write(subtask.Operators.Length);
                foreach (byte[] state in subtask.Operators)
                {
                    WriteBytes(writer, state);
                }

                WriteBytes(writer, subtask.Committable);
            }

            writer.Flush();
            writer.Write(Crc32C(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        }

        return stream.ToArray();
    }

    /// <summary>Throws <see cref="InvalidDataException"/> naming the path when the document is not whole.</summary>
    internal static CompletedCheckpoint Decode(string path, byte[] document)
    {
        if (document.Length < Magic.Length + 20 || !document.AsSpan(0, 4).SequenceEqual(Magic))
        {
            throw Damaged(path, "it is not a checkpoint");
        }

        int end = document.Length - sizeof(uint);
        if (BinaryPrimitives.ReadUInt32LittleEndian(document.AsSpan(end)) != Crc32C(document.AsSpan(0, end)))
        {
            throw Damaged(path, "its checksum does not match");
        }

        var reader = new Cursor(path, document.AsMemory(4, end - 4));
        int version = reader.Int32();
        if (version != Version)
        {
            throw Damaged(path, FormattableString.Invariant($"it has version {version}, this program reads {Version}"));
        }

        var id = new CheckpointId(reader.Int64());
        ImmutableArray<SubtaskSnapshot>.Builder subtasks = ImmutableArray.CreateBuilder<SubtaskSnapshot>();
        for (int left = reader.Count(); left > 0; left--)
        {
            byte[] source = reader.Bytes();
            ImmutableArray<byte[]>.Builder operators = ImmutableArray.CreateBuilder<byte[]>();
            for (int leftOperators = reader.Count(); leftOperators > 0; leftOperators--)
            {
                operators.Add(reader.Bytes());
            }

            subtasks.Add(new SubtaskSnapshot(source, operators.ToImmutable(), reader.Bytes()));
        }

        return new CompletedCheckpoint(id, path, subtasks.ToImmutable());
    }

    private static void WriteBytes(BinaryWriter writer, byte[] content)
    {
        writer.Write(content.Length);
        writer.Write(content);
    }

    private static uint Crc32C(ReadOnlySpan<byte> content)
    {
        uint crc = uint.MaxValue;
        for (; content.Length >= 8; content = content[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(content));
        }

        foreach (byte next in content)
        {
            crc = BitOperations.Crc32C(crc, next);
        }

        return ~crc;
    }

    private static InvalidDataException Damaged(string path, string why) =>
        new($"The checkpoint metadata '{path}/{CheckpointStore.MetadataName}' cannot be read: {why}.");

    private sealed class Cursor(string path, ReadOnlyMemory<byte> left)
    {
        private ReadOnlyMemory<byte> _left = left;

        internal int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4).Span);

        internal long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8).Span);

        internal byte[] Bytes() => Take(Int32()).ToArray();

        internal int Count() => Int32() is var count and >= 0 and <= SubtaskCountMax ? count : throw Damaged(path, "a count is out of range");

        private ReadOnlyMemory<byte> Take(int length)
        {
            if ((uint)length > (uint)_left.Length)
            {
                throw Damaged(path, "it ends early");
            }

            ReadOnlyMemory<byte> taken = _left[..length];
            _left = _left[length..];
            return taken;
        }
    }
}
