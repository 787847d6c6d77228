using System.Collections.Immutable;
using System.Text;
using Lakehouse.Engine;
using Lakehouse.Hudi;

namespace Lakehouse.Ingest;

/// <summary>
/// What sources and sinks hand over at a barrier, as bytes. Both are committables of their own: a source's has ranges and no files, a
/// sink's has files and no ranges, followed by the rows it counted:
/// <code>sink = i32 length, committable JSON | written counts | dead-letter counts | routed counts</code>
/// </summary>
internal static class CheckpointParts
{
    internal static byte[] Source(ImmutableArray<OffsetRange> ranges, long historyEpoch, string pipeline, CheckpointId checkpoint) =>
        new Committable([], ranges, new CheckpointReference(pipeline, "", checkpoint.Value, ""), historyEpoch, []).ToJson();

    internal static Committable ReadSource(byte[] bytes) => Committable.FromJson(bytes);

    internal static byte[] Sink(SinkPart part, CheckpointId checkpoint)
    {
        byte[] committable = new Committable(
            part.Files, [], new CheckpointReference("", "", checkpoint.Value, ""), 0, part.Followers).ToJson();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(committable.Length);
        writer.Write(committable);
        part.Written.WriteTo(writer);
        part.DeadLettered.WriteTo(writer);
        part.Routed.WriteTo(writer);
        writer.Flush();
        return stream.ToArray();
    }

    internal static SinkPart ReadSink(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        Committable files = Committable.FromJson(reader.ReadBytes(reader.ReadInt32()));
        SplitCounts written = SplitCounts.ReadFrom(reader);
        SplitCounts deadLettered = SplitCounts.ReadFrom(reader);

        // A checkpoint that was taken before there were routes ends here.
        SplitCounts routed = reader.BaseStream.Position < bytes.Length ? SplitCounts.ReadFrom(reader) : new SplitCounts();
        return new SinkPart(files.Files, files.Followers, written, deadLettered, routed);
    }
}

/// <summary>What one sink writer closed at a barrier.</summary>
internal sealed record SinkPart(
    ImmutableArray<StagedFile> Files,
    ImmutableArray<FollowerTable> Followers,
    SplitCounts Written,
    SplitCounts DeadLettered,
    SplitCounts Routed);
