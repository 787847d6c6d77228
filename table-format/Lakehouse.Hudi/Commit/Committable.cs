using System.Collections.Immutable;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using System.Text.Json;

namespace Lakehouse.Hudi;

/// <summary>What a follower's rows are to the primary table's commits.</summary>
public enum FollowerKind
{
    /// <summary>Bad records.</summary>
    DeadLetters,

    /// <summary>Rows that a route's condition sends there.</summary>
    Route,
}

/// <summary>
/// The files that another table gets with a commit of the primary one: a route's rows, or dead letters. Rolled forward after the primary's
/// outcome names them and before the primary's next claim.
/// </summary>
/// <param name="Location">Where the table is, as the committer's options can open it.</param>
/// <param name="Files">Its new files, staged in its own store.</param>
public sealed record FollowerTable(string Location, ImmutableArray<StagedFile> Files)
{
    /// <summary>What its rows are.</summary>
    public FollowerKind Kind { get; init; }

    /// <summary>The file groups whose rows the files hold instead, without those that leave; empty: the files bring new rows.</summary>
    internal ImmutableArray<ReplacedGroup> Replaced { get; init; } = [];

    /// <summary>Rows that leave with the replaced file groups.</summary>
    internal long RowsTaken { get; init; }

    /// <summary>By how much the table grows; less than zero where rows leave.</summary>
    internal long RowsAdded => Replaced.IsEmpty ? Files.Sum(static f => f.RowCount) : -RowsTaken;
}

/// <summary>All that one checkpoint puts into a table and its followers: durable, committed whole or discarded whole.</summary>
/// <param name="Files">The table's new files.</param>
/// <param name="Ranges">What was read; each must start exactly where the table's ledger ends.</param>
/// <param name="Checkpoint">The checkpoint it belongs to.</param>
/// <param name="HistoryEpoch">The history epoch of the ledger that the work continued.</param>
/// <param name="Followers">Other tables that get files in the same checkpoint.</param>
public sealed record Committable(
    ImmutableArray<StagedFile> Files,
    ImmutableArray<OffsetRange> Ranges,
    CheckpointReference Checkpoint,
    long HistoryEpoch,
    ImmutableArray<FollowerTable> Followers)
{
    /// <summary>
    /// The path of the worker's newest committed checkpoint as its author knows it, empty when there is none: it is void when another
    /// process has committed under the worker's name since. Null: that is not asked. Not part of the JSON.
    /// </summary>
    public string? BuildsOn { get; init; }

    /// <summary>This committable as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonForm.Write(json =>
    {
        json.WriteStartObject();
        json.WriteArray("files", Files, WriteFile);
        LedgerJson.WriteRanges(json, Ranges);
        json.WritePropertyName("checkpoint");
        LedgerJson.WriteCheckpoint(json, Checkpoint);
        json.WriteNumber("historyEpoch", HistoryEpoch);
        json.WriteArray("followers", Followers, WriteFollower);
        json.WriteEndObject();
    });

    /// <summary>Reads what <see cref="ToJson"/> wrote. Throws <see cref="InvalidDataException"/> for anything else.</summary>
    public static Committable FromJson(ReadOnlyMemory<byte> utf8) => JsonForm.Read(utf8, "A committable", static json => new Committable(
        [.. json.GetProperty("files").EnumerateArray().Select(ReadFile)],
        LedgerJson.ReadRanges(json),
        LedgerJson.ReadCheckpoint(json.GetProperty("checkpoint")),
        json.Long("historyEpoch"),
        [.. json.GetProperty("followers").EnumerateArray().Select(ReadFollower)]));

    internal static void WriteFollower(Utf8JsonWriter json, FollowerTable follower)
    {
        json.WriteStartObject();
        json.WriteString("location", follower.Location);
        if (follower.Kind == FollowerKind.Route)
        {
            json.WriteString("kind", "route");
        }

        json.WriteArray("files", follower.Files, WriteFile);
        if (!follower.Replaced.IsEmpty)
        {
            json.WriteNumber("rowsTaken", follower.RowsTaken);
            json.WriteArray("replaced", follower.Replaced, static (json, group) =>
            {
                json.WriteStartObject();
                json.WriteString("partitionPath", group.PartitionPath);
                json.WriteString("fileId", group.FileId);
                json.WriteString("successor", group.SuccessorFileId);
                json.WriteEndObject();
            });
        }

        json.WriteEndObject();
    }

    internal static FollowerTable ReadFollower(JsonElement json) =>
        new(json.Text("location"), [.. json.GetProperty("files").EnumerateArray().Select(ReadFile)])
        {
            Kind = json.TextOrNull("kind") switch
            {
                null => FollowerKind.DeadLetters,
                "route" => FollowerKind.Route,
                var other => throw new FormatException($"'{other}' is no kind of follower"),
            },
            RowsTaken = json.LongOrNull("rowsTaken") ?? 0,
            Replaced = json.TryGetProperty("replaced", out JsonElement replaced)
                ?
                [
                    .. replaced.EnumerateArray().Select(static g =>
                        new ReplacedGroup(g.Text("partitionPath"), g.Text("fileId"), g.TextOrNull("successor"))),
                ]
                : [],
        };

    private static void WriteFile(Utf8JsonWriter json, StagedFile file)
    {
        json.WriteStartObject();
        json.WriteString("partitionPath", file.PartitionPath);
        json.WriteString("fileId", file.FileId);
        json.WriteString("writeToken", file.WriteToken);
        json.WriteString("stagedPath", file.StagedPath.Value);
        json.WriteNumber("rowCount", file.RowCount);
        json.WriteNumber("byteCount", file.ByteCount);
        json.WriteNullable("minEventTimeMillis", file.MinEventTimeMillis);
        json.WriteNullable("maxEventTimeMillis", file.MaxEventTimeMillis);
        json.WriteArray("patchPoints", file.PatchPoints, static (json, point) =>
        {
            json.WriteStartObject();
            json.WriteString("column", point.Column);
            json.WriteString("kind", point.Kind.ToString());
            json.WriteNumber("offset", point.Offset);
            json.WriteNumber("length", point.Length);
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static StagedFile ReadFile(JsonElement json) => new(
        json.Text("partitionPath"),
        json.Text("fileId"),
        json.Text("writeToken"),
        new ObjectPath(json.Text("stagedPath")),
        json.Long("rowCount"),
        json.Long("byteCount"),
        [
            .. json.GetProperty("patchPoints").EnumerateArray().Select(static p => new PatchPoint(
                p.Text("column"), Enum.Parse<PatchKind>(p.Text("kind")), p.Long("offset"), p.GetProperty("length").GetInt32())),
        ],
        json.LongOrNull("minEventTimeMillis"),
        json.LongOrNull("maxEventTimeMillis"));
}
