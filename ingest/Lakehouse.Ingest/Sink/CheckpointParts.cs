using System.Collections.Immutable;
using System.Text;
using Lakehouse.Engine;
using Lakehouse.Hudi;

namespace Lakehouse.Ingest;

/// <summary>
/// What sources and sinks hand over at a barrier, as bytes. Both are committables of their own: a source's has ranges and no files, a
/// sink's has files and no ranges, followed by the rows it counted:
/// <code>sink = i32 length, committable JSON | written counts | dead-letter counts</code>
/// </summary>
internal static class CheckpointParts
{
    internal static byte[] Source(ImmutableArray<OffsetRange> ranges, long historyEpoch, string pipeline, CheckpointId checkpoint) =>
        new Committable([], ranges, new CheckpointReference(pipeline, "", checkpoint.Value, ""), historyEpoch, []).ToJson();

    internal static Committable ReadSource(byte[] bytes) => Committable.FromJson(bytes);

    internal static byte[] Sink(
        ImmutableArray<StagedFile> files,
        FollowerTable? deadLetters,
        SplitCounts written,
        SplitCounts deadLettered,
        CheckpointId checkpoint)
    {
        byte[] committable = new Committable(
            files, [], new CheckpointReference("", "", checkpoint.Value, ""), 0, deadLetters is null ? [] : [deadLetters]).ToJson();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(committable.Length);
        writer.Write(committable);
        written.WriteTo(writer);
        deadLettered.WriteTo(writer);
        writer.Flush();
        return stream.ToArray();
    }

    internal static SinkPart ReadSink(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        Committable files = Committable.FromJson(reader.ReadBytes(reader.ReadInt32()));
        return new SinkPart(files.Files, files.Followers, SplitCounts.ReadFrom(reader), SplitCounts.ReadFrom(reader));
    }
}

/// <summary>What one sink writer closed at a barrier.</summary>
internal sealed record SinkPart(
    ImmutableArray<StagedFile> Files, ImmutableArray<FollowerTable> Followers, SplitCounts Written, SplitCounts DeadLettered);
