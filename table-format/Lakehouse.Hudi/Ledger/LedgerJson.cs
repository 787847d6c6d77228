using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Lakehouse.Hudi;

/// <summary>
/// The JSON forms of ledger, ranges and checkpoints, as they stand in committables, in outcomes and (as text) in the commit's
/// <c>extraMetadata</c> under <c>lakehouse.ledger</c> and <c>lakehouse.checkpoint</c>.
/// </summary>
internal static class LedgerJson
{
    internal static void WriteLedger(Utf8JsonWriter json, Ledger ledger)
    {
        json.WriteNumber("historyEpoch", ledger.HistoryEpoch);
        json.WriteArray("entries", ledger.Entries, static (json, entry) =>
        {
            json.WriteStartObject();
            WriteKey(json, entry.Key);
            json.WriteNumber("endOffset", entry.Value.EndOffset);
            json.WriteNumber("leaderEpoch", entry.Value.LeaderEpoch);
            json.WriteString("topicId", entry.Value.TopicId);
            json.WriteString("checkpoint", entry.Value.CheckpointPath);
            json.WriteEndObject();
        });
    }

    /// <summary>A ledger and the ranges that led to it, as instants carry them.</summary>
    internal static string Text(Ledger ledger, ImmutableArray<OffsetRange> ranges) => Encoding.UTF8.GetString(JsonForm.Write(json =>
    {
        json.WriteStartObject();
        WriteLedger(json, ledger);
        WriteRanges(json, ranges);
        json.WriteEndObject();
    }));

    internal static Ledger ReadLedger(JsonElement json) => new(
        json.Long("historyEpoch"),
        json.GetProperty("entries").EnumerateArray().ToImmutableSortedDictionary(
            ReadKey,
            static e => new LedgerEntry(
                e.Long("endOffset"), e.GetProperty("leaderEpoch").GetInt32(), e.TextOrNull("topicId"), e.Text("checkpoint"))));

    internal static void WriteRanges(Utf8JsonWriter json, ImmutableArray<OffsetRange> ranges) =>
        json.WriteArray("ranges", ranges, static (json, range) =>
        {
            json.WriteStartObject();
            WriteKey(json, range.Key);
            json.WriteNumber("start", range.Start);
            json.WriteNumber("end", range.End);
            json.WriteNumber("leaderEpoch", range.LeaderEpoch);
            json.WriteString("topicId", range.TopicId);
            json.WriteNumber("read", range.Read);
            json.WriteNumber("written", range.Written);
            json.WriteNumber("filtered", range.Filtered);
            json.WriteNumber("deduplicated", range.Deduplicated);
            json.WriteNumber("deadLettered", range.DeadLettered);
            json.WriteNumber("routed", range.Routed);
            json.WriteNullable("minEventTimeMicros", range.MinEventTimeMicros);
            json.WriteNullable("maxEventTimeMicros", range.MaxEventTimeMicros);
            if (range.JumpedFrom is { } jumpedFrom)
            {
                json.WriteNumber("jumpedFrom", jumpedFrom);
            }

            json.WriteEndObject();
        });

    internal static ImmutableArray<OffsetRange> ReadRanges(JsonElement json) =>
    [
        .. json.GetProperty("ranges").EnumerateArray().Select(static e => new OffsetRange(
            ReadKey(e),
            e.Long("start"),
            e.Long("end"),
            e.GetProperty("leaderEpoch").GetInt32(),
            e.TextOrNull("topicId"),
            e.Long("read"),
            e.Long("written"),
            e.Long("filtered"),
            e.Long("deduplicated"),
            e.Long("deadLettered"),
            e.LongOrNull("minEventTimeMicros"),
            e.LongOrNull("maxEventTimeMicros"))
        {
            JumpedFrom = e.LongOrNull("jumpedFrom"),
            Routed = e.LongOrNull("routed") ?? 0,
        }),
    ];

    internal static string Text(ImmutableArray<ReplayedCount> replayed) => Encoding.UTF8.GetString(JsonForm.Write(json =>
    {
        json.WriteStartObject();
        json.WriteArray("partitions", replayed, static (json, count) =>
        {
            json.WriteStartObject();
            WriteKey(json, count.Key);
            json.WriteNumber("written", count.Written);
            json.WriteNumber("filtered", count.Filtered);
            json.WriteNumber("routed", count.Routed);
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }));

    internal static ImmutableArray<ReplayedCount> ReadReplayed(JsonElement json) =>
    [
        .. json.GetProperty("partitions").EnumerateArray().Select(static e =>
            new ReplayedCount(ReadKey(e), e.Long("written"), e.Long("filtered"), e.Long("routed"))),
    ];

    internal static void WriteCheckpoint(Utf8JsonWriter json, CheckpointReference checkpoint)
    {
        json.WriteStartObject();
        json.WriteString("pipeline", checkpoint.Pipeline);
        json.WriteString("worker", checkpoint.Worker);
        json.WriteNumber("id", checkpoint.Id);
        json.WriteString("path", checkpoint.Path);
        json.WriteEndObject();
    }

    internal static CheckpointReference ReadCheckpoint(JsonElement json) =>
        new(json.Text("pipeline"), json.Text("worker"), json.Long("id"), json.Text("path"));

    private static void WriteKey(Utf8JsonWriter json, LedgerKey key)
    {
        json.WriteString("pipeline", key.Pipeline);
        json.WriteString("cluster", key.Cluster);
        json.WriteString("topic", key.Topic);
        json.WriteNumber("partition", key.Partition);
    }

    private static LedgerKey ReadKey(JsonElement json) =>
        new(json.Text("pipeline"), json.Text("cluster"), json.Text("topic"), json.GetProperty("partition").GetInt32());
}
