using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>A table with real Parquet files: rows (id, partition, offset, fare, dt, at), made from their offset.</summary>
internal sealed class RealTable(IObjectStore store, bool partitioned, TimeProvider time)
{
    private readonly Random _random = new(42);
    private HudiTable? _table;

    internal static Schema Schema { get; } = new(
        new Field("id", TypeKind.String, Required: true),
        new Field("kafka_partition", TypeKind.Int),
        new Field("kafka_offset", TypeKind.Long),
        new Field("fare", TypeKind.Double),
        new Field("price", ColumnType.Decimal(10, 2)),
        new Field("paid", TypeKind.Boolean),
        new Field("day", TypeKind.Date),
        new Field("at", TypeKind.TimestampMillis),
        new Field("city", TypeKind.String));

    internal static LedgerKey Key { get; } = new("trips", "cluster-1", "trips", 0);

    internal HudiTable Table => _table ?? throw new InvalidOperationException("CreateAsync first.");

    internal async Task CreateAsync() => _table = await HudiTable.CreateAsync(
        store,
        new TableConfig
        {
            Name = "trips",
            Schema = Schema,
            PartitionFields = partitioned ? ["city"] : [],
            RecordKeyFields = partitioned ? ["id"] : [],
        },
        time,
        _random,
        Stop);

    internal TableCommitter Committer(string attempt = "a", IObjectStore? through = null) =>
        new(through is null ? Table : Table.Through(through), "worker-1", attempt, new CommitterOptions(), time, _random);

    /// <summary>Writes rows with the offsets from start to end, every third to another city.</summary>
    internal async Task<Committable> StageAsync(long checkpoint, long start, long end)
    {
        string[] cities = partitioned ? ["Sao Paulo", "a:b/c", ""] : ["x"];
        ImmutableArray<StagedFile>.Builder files = ImmutableArray.CreateBuilder<StagedFile>();
        for (int city = 0; city < cities.Length; city++)
        {
            List<long> offsets = [];
            for (long offset = start; offset < end; offset++)
            {
                if (offset % cities.Length == city)
                {
                    offsets.Add(offset);
                }
            }

            if (offsets.Count > 0)
            {
                files.Add(await WriteAsync(checkpoint, cities[city], offsets));
            }
        }

        return new Committable(
            files.ToImmutable(),
            [new OffsetRange(Key, start, end, 3, "topic-id", end - start, end - start, 0, 0, 0, null, null)],
            new CheckpointReference("trips", "worker-1", checkpoint, $"trips/worker-1/a/{checkpoint}"),
            0,
            []);
    }

    private async Task<StagedFile> WriteAsync(long checkpoint, string city, List<long> offsets)
    {
        using RecordBatch rows = Rows(city, offsets);
        string path = partitioned ? PartitionPath.Of(rows, 0, [Schema.IndexOf("city")]) : "";
        using var writer = new BaseFileWriter(
            Table,
            path,
            HudiTable.StagingFolder("trips", "worker-1", "a", checkpoint),
            new BaseFileOptions { EventTimeColumn = "at" },
            null);
        writer.Write(rows, new RowIdentity("trips-0-"u8.ToArray(), rows.Columns[2]));
        return await writer.CompleteAsync(Stop);
    }

    private static RecordBatch Rows(string city, List<long> offsets)
    {
        ColumnBuilder[] builders = [.. Schema.Fields.Select(static f => new ColumnBuilder(f.Type))];
        foreach (long offset in offsets)
        {
            builders[0].Append(System.Text.Encoding.UTF8.GetBytes($"trip-{offset}"));
            builders[1].Append(0);
            builders[2].Append(offset);
            builders[3].Append(offset / 4.0);
            builders[4].Append((Int128)(offset * 100 - 7));
            builders[5].Append(offset % 2 == 0);
            builders[6].Append((int)(20_000 + (offset % 10)));
            if (offset % 5 == 0)
            {
                builders[7].AppendNull();
            }
            else
            {
                builders[7].Append(1_772_000_000_000 + offset);
            }

            builders[8].Append(System.Text.Encoding.UTF8.GetBytes(city));
        }

        RecordBatch rows = new(Schema, [.. builders.Select(static b => b.Finish())], offsets.Count);
        foreach (ColumnBuilder builder in builders)
        {
            builder.Dispose();
        }

        return rows;
    }
}
