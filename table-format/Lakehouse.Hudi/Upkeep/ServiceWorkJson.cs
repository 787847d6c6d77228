using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>The JSON of a <see cref="ServiceWork"/> within an outcome: one object with its kind.</summary>
internal static class ServiceWorkJson
{
    internal static void Write(Utf8JsonWriter json, ServiceWork work)
    {
        json.WriteStartObject();
        switch (work)
        {
            case ServiceWork.Clean(var plan):
                json.WriteString("kind", "clean");
                WriteClean(json, plan);
                break;
            case ServiceWork.Restore restore:
                json.WriteString("kind", "restore");
                WriteRestore(json, restore);
                break;
            case ServiceWork.CreateSavepoint(var savepoint):
                json.WriteString("kind", "createSavepoint");
                WriteSavepoint(json, savepoint);
                break;
            case ServiceWork.DeleteSavepoint(var savepoint):
                json.WriteString("kind", "deleteSavepoint");
                WriteSavepoint(json, savepoint);
                break;
            default:
                throw new InvariantViolatedException($"Unknown work {work}.");
        }

        json.WriteEndObject();
    }

    internal static ServiceWork Read(JsonElement json) => json.Text("kind") switch
    {
        "clean" => new ServiceWork.Clean(ReadClean(json)),
        "restore" => ReadRestore(json),
        "createSavepoint" => new ServiceWork.CreateSavepoint(Upkeep.ReadSavepoint(json.GetProperty("savepoint"))),
        "deleteSavepoint" => new ServiceWork.DeleteSavepoint(Upkeep.ReadSavepoint(json.GetProperty("savepoint"))),
        var other => throw new FormatException($"'{other}' is no work that this version knows"),
    };

    private static void WriteSavepoint(Utf8JsonWriter json, Savepoint savepoint)
    {
        json.WritePropertyName("savepoint");
        Upkeep.WriteSavepoint(json, savepoint);
    }

    private static void WriteClean(Utf8JsonWriter json, CleanPlan plan)
    {
        (string policy, int count) = plan.Policy switch
        {
            CleanPolicy.KeepCommits(var commits) => ("commits", commits),
            CleanPolicy.KeepHours(var hours) => ("hours", hours),
            CleanPolicy.KeepVersions(var versions) => ("versions", versions),
            _ => throw new InvariantViolatedException($"Unknown policy {plan.Policy}."),
        };
        json.WriteString("keep", string.Create(CultureInfo.InvariantCulture, $"{policy} {count}"));
        json.WriteString("earliestInstant", plan.EarliestInstant);
        json.WriteString("earliestAction", plan.EarliestAction);
        json.WriteString("lastInstant", plan.LastInstant);
        json.WriteString("retainedFrom", plan.RetainedFrom);
        json.WriteString("sparedFrom", plan.SparedFrom);
        json.WriteArray("files", plan.Files, static (json, file) =>
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path.Value);
            json.WriteNumber("byteCount", file.ByteCount);
            json.WriteString("shownUntil", file.ShownUntil);
            json.WriteEndObject();
        });
    }

    private static CleanPlan ReadClean(JsonElement json)
    {
        string[] keep = json.Text("keep").Split(' ');
        int count = int.Parse(keep[^1], NumberStyles.None, CultureInfo.InvariantCulture);
        return new CleanPlan(
            keep[0] switch
            {
                "commits" => new CleanPolicy.KeepCommits(count),
                "hours" => new CleanPolicy.KeepHours(count),
                "versions" => new CleanPolicy.KeepVersions(count),
                var other => throw new FormatException($"'{other}' is no policy"),
            },
            json.TextOrNull("earliestInstant"),
            json.Text("earliestAction"),
            json.Text("lastInstant"),
            [
                .. json.GetProperty("files").EnumerateArray().Select(static f =>
                    new CleanedFile(new ObjectPath(f.Text("path")), f.Long("byteCount"), f.Text("shownUntil"))),
            ],
            json.TextOrNull("retainedFrom"))
        {
            SparedFrom = json.TextOrNull("sparedFrom"),
        };
    }

    private static void WriteRestore(Utf8JsonWriter json, ServiceWork.Restore restore)
    {
        json.WriteString("target", restore.Target);
        json.WriteArray("undone", restore.Undone, WriteUndone);
        json.WriteArray("followers", restore.Followers, static (json, follower) =>
        {
            json.WriteStartObject();
            json.WriteString("location", follower.Location);
            json.WriteArray("numbers", follower.Numbers, static (json, number) => json.WriteNumberValue(number));
            json.WriteNumber("rowCount", follower.RowCount);
            json.WriteArray("instants", follower.Instants, WriteUndone);
            json.WriteEndObject();
        });
    }

    private static void WriteUndone(Utf8JsonWriter json, UndoneInstant undone)
    {
        json.WriteStartObject();
        json.WriteNumber("number", undone.Number);
        json.WriteString("instant", undone.Instant);
        json.WriteString("action", undone.Action);
        json.WriteArray("files", undone.Files, static (json, file) =>
        {
            json.WriteStartObject();
            json.WriteString("partitionPath", file.PartitionPath);
            json.WriteString("path", file.Path);
            json.WriteNumber("byteCount", file.ByteCount);
            json.WriteNumber("rowCount", file.RowCount);
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static ServiceWork.Restore ReadRestore(JsonElement json) => new(
        json.TextOrNull("target"),
        ReadUndone(json.GetProperty("undone")),
        [
            .. json.GetProperty("followers").EnumerateArray().Select(static f => new UndoneFollower(
                f.Text("location"),
                [.. f.GetProperty("numbers").EnumerateArray().Select(static n => n.GetInt64())],
                f.Long("rowCount"))
            {
                Instants = ReadUndone(f.GetProperty("instants")),
            }),
        ]);

    private static ImmutableArray<UndoneInstant> ReadUndone(JsonElement json) =>
    [
        .. json.EnumerateArray().Select(static u => new UndoneInstant(
            u.Long("number"), u.Text("instant"), u.Text("action"),
            [
                .. u.GetProperty("files").EnumerateArray().Select(static f => new NamedFile(
                    f.Text("partitionPath"), f.Text("path"), f.Long("byteCount"), f.Long("rowCount"))),
            ])),
    ];
}
