using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// The contents of Hudi's service instants. They follow from an outcome alone, so that everybody who publishes it writes the same; how
/// long the work took is therefore always given as 0.
/// </summary>
internal static class ServiceMetadata
{
    // Version 2 names files, version 1 gave whole paths.
    private const int CleanVersion = 2;

    internal static byte[] CleanerPlan(CleanPlan plan, IObjectStore store, Ledger ledger) =>
        AvroWriter.Container(ServiceSchemas.CleanerPlan, avro =>
        {
            avro.Branch(plan.EarliestInstant is null ? 0 : 1);
            if (plan.EarliestInstant is { } earliest)
            {
                avro.Text(earliest);
                avro.Text(plan.EarliestAction);
                avro.Text("COMPLETED");
            }

            avro.Text(plan.LastInstant);
            avro.Text(plan.Policy.HudiName);
            avro.Branch(1);
            avro.Map<string>([], static (writer, text) => writer.Text(text));
            Version(avro, CleanVersion);
            avro.Branch(1);
            avro.Map(plan.FilesByPartition(), (writer, files) => writer.Array(files, (one, file) =>
            {
                one.TextOrNull($"{store.Root}/{file.Path}");
                one.Branch(1);
                one.Flag(false);
            }));
            avro.Branch(1);
            avro.Array<string>([], static (writer, text) => writer.Text(text));
            Extra(avro, ledger);
        });

    internal static byte[] CleanMetadata(CleanPlan plan, string instant, Ledger ledger) =>
        AvroWriter.Container(ServiceSchemas.CleanMetadata, avro =>
        {
            avro.Text(instant);
            avro.Long(0);
            avro.Long(plan.Files.Length);
            avro.Text(plan.EarliestInstant ?? "");
            avro.Text(plan.LastInstant);
            avro.Map(plan.FilesByPartition(), (writer, files) =>
            {
                ImmutableArray<string> names = [.. files.Select(static f => f.Path.Name)];
                writer.Text(files[0].Path.Parent.Value);
                writer.Text(plan.Policy.HudiName);
                writer.Array(names, static (one, name) => one.Text(name));
                writer.Array(names, static (one, name) => one.Text(name));
                writer.Array<string>([], static (one, name) => one.Text(name));
                writer.Branch(0);
            });
            Version(avro, CleanVersion);
            avro.Branch(0);
            Extra(avro, ledger);
        });

    internal static byte[] Savepoint(Savepoint savepoint, ImmutableArray<FileSlice> files) =>
        AvroWriter.Container(ServiceSchemas.Savepoint, avro =>
        {
            avro.Text("lakehouse");
            avro.Long(InstantTime.Parse(savepoint.CreatedAt).ToUnixTimeMilliseconds());
            avro.Text(savepoint.Name);
            avro.Map(ByPartition(files, static f => f.PartitionPath), static (writer, slices) =>
            {
                writer.Text(slices[0].PartitionPath);
                writer.Array(slices, static (one, slice) => one.Text(slice.Path.Name));
            });
            Version(avro, 1);
        });

    internal static byte[] RestorePlan(ServiceWork.Restore restore) => AvroWriter.Container(ServiceSchemas.RestorePlan, avro =>
    {
        avro.Array(restore.Undone, Instant);
        Version(avro, 2);
        avro.TextOrNull(restore.Target);
    });

    internal static byte[] RestoreMetadata(ServiceWork.Restore restore, string instant) =>
        AvroWriter.Container(ServiceSchemas.RestoreMetadata, avro =>
        {
            avro.Text(instant);
            avro.Long(0);
            avro.Array(restore.Undone, static (writer, undone) => writer.Text(undone.Instant));
            avro.Map(
                [.. restore.Undone.Select(static u => KeyValuePair.Create(u.Instant, u))],
                (writer, undone) => writer.Array([undone], (one, u) => Rollback(one, u, instant)));
            Version(avro, 1);
            avro.Array(restore.Undone, Instant);
        });

    /// <summary>
    /// The plan of a merge. Readers take a pending replacecommit with one for a clustering, which they need not wait for, and Spark's writers
    /// leave it and its file groups alone. The strategy is the one that copies bytes and keeps the order of rows.
    /// </summary>
    internal static byte[] ClusteringPlan(ImmutableArray<MergedFile> merged, IObjectStore store) =>
        AvroWriter.Container(ServiceSchemas.RequestedReplaceMetadata, avro =>
        {
            avro.Branch(1);
            avro.Text("CLUSTER");
            avro.Branch(1);
            avro.Branch(1);
            avro.Array(merged, (writer, file) => Group(writer, file, store));
            avro.Branch(1);
            avro.TextOrNull("org.apache.hudi.client.clustering.run.strategy.SparkBinaryCopyClusteringExecutionStrategy");
            avro.Branch(1);
            avro.Map<string>([], static (writer, text) => writer.Text(text));
            Version(avro, 1);
            avro.Branch(0);
            Version(avro, 1);
            avro.Branch(1);
            avro.Flag(true);
            avro.Branch(0);
            Version(avro, 1);
        });

    private static void Group(AvroWriter avro, MergedFile file, IObjectStore store)
    {
        double mebibytes = file.Inputs.Sum(static i => i.ByteCount) / (double)(1 << 20);
        avro.Branch(1);
        avro.Array(file.Inputs, (writer, input) =>
        {
            writer.TextOrNull($"{store.Root}/{input.Path}");
            writer.Branch(1);
            writer.Array<string>([], static (one, text) => one.Text(text));
            writer.TextOrNull(input.FileId);
            writer.TextOrNull(input.PartitionPath);
            writer.TextOrNull("");
            Version(writer, 1);
        });
        avro.Branch(1);
        avro.Map(
            [
                KeyValuePair.Create("TOTAL_IO_READ_MB", mebibytes),
                KeyValuePair.Create("TOTAL_IO_WRITE_MB", mebibytes),
                KeyValuePair.Create("TOTAL_IO_MB", 2 * mebibytes),
                KeyValuePair.Create("TOTAL_LOG_FILES", 0.0),
                KeyValuePair.Create("TOTAL_LOG_FILES_SIZE", 0.0),
            ],
            static (writer, value) => writer.Double(value));
        Version(avro, 1);
        avro.Branch(0);
        Version(avro, 1);
    }

    private static void Rollback(AvroWriter avro, UndoneInstant undone, string instant)
    {
        avro.Branch(1);
        avro.Text(instant);
        avro.Long(0);
        avro.Long(undone.Files.Length);
        avro.Array([undone.Instant], static (writer, text) => writer.Text(text));
        avro.Map(ByPartition(undone.Files, static f => f.PartitionPath), static (writer, files) =>
        {
            writer.Text(files[0].PartitionPath);
            writer.Array(files, static (one, file) => one.Text(new ObjectPath(file.Path).Name));
            writer.Array<string>([], static (one, name) => one.Text(name));
            writer.Branch(0);
            writer.Branch(0);
        });
        Version(avro, 1);
        avro.Array([undone], Instant);
    }

    private static void Instant(AvroWriter avro, UndoneInstant undone)
    {
        avro.Text(undone.Instant);
        avro.Text(undone.Action);
    }

    /// <summary>The union of versions is <c>["int", "null"]</c>.</summary>
    private static void Version(AvroWriter avro, int version)
    {
        avro.Branch(0);
        avro.Long(version);
    }

    private static void Extra(AvroWriter avro, Ledger ledger)
    {
        avro.Branch(1);
        avro.Map([KeyValuePair.Create(CommitMetadata.LedgerKey, LedgerJson.Text(ledger, []))], static (writer, text) => writer.Text(text));
    }

    private static ImmutableArray<KeyValuePair<string, ImmutableArray<T>>> ByPartition<T>(
        ImmutableArray<T> files, Func<T, string> partition) =>
    [
        .. files.GroupBy(partition, StringComparer.Ordinal)
            .OrderBy(static g => g.Key, StringComparer.Ordinal)
            .Select(static g => KeyValuePair.Create(g.Key, g.ToImmutableArray())),
    ];
}
