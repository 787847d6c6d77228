using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Service;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Service;

/// <summary>A small table of trips made through the real write path: one instant per call of <see cref="CommitAsync"/>.</summary>
internal sealed class TripTable
{
    internal const string Pipeline = "trips";
    internal const string Cluster = "cluster-1";
    internal static readonly Schema Schema = new(
        new Field("city", TypeKind.String),
        new Field("fare", TypeKind.Double),
        new Field("dt", TypeKind.String),
        new Field("kafka_partition", TypeKind.Int),
        new Field("kafka_offset", TypeKind.Long));

    private readonly Dictionary<int, long> _ends = [];
    private readonly TableCommitter _committer;
    private long _checkpoint;

    private TripTable(HudiTable table)
    {
        Table = table;
        var options = new CommitterOptions { ClaimDeadline = TimeSpan.Zero, PollInterval = TimeSpan.FromMilliseconds(1) };
        _committer = new TableCommitter(table, "worker-0", "attempt-1", options, TimeProvider.System, new Random(7));
    }

    internal HudiTable Table { get; }

    /// <summary>How its files are written.</summary>
    internal ParquetWriterOptions Parquet { get; set; } = new();

    /// <summary>Every row written.</summary>
    internal List<Trip> Rows { get; } = [];

    internal static async Task<TripTable> CreateAsync(IObjectStore store, CancellationToken cancellation)
    {
        var config = new TableConfig { Name = "trips", Schema = Schema, PartitionFields = ["dt"] };
        return new TripTable(await HudiTable.CreateAsync(store, config, TimeProvider.System, new Random(5), cancellation));
    }

    /// <summary>One of so many commits.</summary>
    internal static async Task<TripTable> CreateAsync(IObjectStore store, int commits, CancellationToken cancellation)
    {
        TripTable trips = await CreateAsync(store, cancellation);
        for (int commit = 0; commit < commits; commit++)
        {
            await trips.CommitAsync(cancellation);
        }

        return trips;
    }

    /// <summary>The rows that a query finds in a range of instants.</summary>
    internal async Task<long> CountAsync(InstantRange range, CancellationToken cancellation, string? where = null)
    {
        QueryResult result = await TableQuery.RunAsync(
            Table, new QueryRequest { Aggregates = AggregateCall.ParseList("count(*)"), Where = where, Range = range }, cancellation);
        return result.Rows.Length == 0 ? 0 : (long)result.Rows[0][0]!;
    }

    internal static LedgerKey Key(int partition) => new(Pipeline, Cluster, "trips", partition);

    /// <summary>
    /// Commits a hundred <paramref name="records"/> of each of two partitions into two table partitions; one record in ten is filtered. The first record
    /// of partition 0 is written twice if <paramref name="double"/>, which the counts then say too, so that only its offset tells.
    /// </summary>
    internal async Task CommitAsync(CancellationToken cancellation, bool @double = false, int records = 100)
    {
        await _committer.RecoverAsync(cancellation);
        _checkpoint++;
        var rows = new List<Trip>();
        var ranges = ImmutableArray.CreateBuilder<OffsetRange>();
        for (int partition = 0; partition < 2; partition++)
        {
            long start = _ends.GetValueOrDefault(partition);
            int at = partition;
            List<Trip> kept = [.. Enumerable.Range(0, records).Select(i => start + i).Where(o => o % 10 != 9).Select(o => Trip.At(at, o))];
            if (@double && partition == 0)
            {
                kept[1] = kept[0];
            }

            rows.AddRange(kept);
            _ends[partition] = start + records;
            ranges.Add(new OffsetRange(
                Key(partition), start, start + records, 0, null, records, kept.Count, records - kept.Count, 0, 0, null, null));
        }

        Rows.AddRange(rows);
        ObjectPath folder = HudiTable.StagingFolder(Pipeline, "worker-0", "attempt-1", _checkpoint);
        var files = ImmutableArray.CreateBuilder<StagedFile>();
        foreach (IGrouping<string, Trip> day in rows.GroupBy(r => r.Day))
        {
            using var writer = new BaseFileWriter(
                Table, "dt=" + day.Key, folder, new BaseFileOptions { WriteToken = "0-0-0", Parquet = Parquet }, carriedOver: null);
            foreach (IGrouping<int, Trip> partition in day.GroupBy(r => r.Partition))
            {
                using RecordBatch batch = Batch([.. partition]);
                writer.Write(batch, new RowIdentity(Encoding.ASCII.GetBytes($"trips-{partition.Key}-"), batch.Columns[4]));
            }

            files.Add(await writer.CompleteAsync(cancellation));
        }

        CommitResult result = await _committer.CommitAsync(
            new Committable(files.ToImmutable(), ranges.ToImmutable(),
                new CheckpointReference(Pipeline, "worker-0", _checkpoint, $"trips/worker-0/attempt-1/{_checkpoint}"), 0, []),
            cancellation);
        Xunit.Assert.IsType<CommitResult.Committed>(result);
    }

    private static RecordBatch Batch(Trip[] rows)
    {
        using var city = new ColumnBuilder(TypeKind.String);
        using var fare = new ColumnBuilder(TypeKind.Double);
        using var day = new ColumnBuilder(TypeKind.String);
        using var partition = new ColumnBuilder(TypeKind.Int);
        using var offset = new ColumnBuilder(TypeKind.Long);
        foreach (Trip row in rows)
        {
            city.Append(Encoding.UTF8.GetBytes(row.City));
            if (row.Fare is { } value)
            {
                fare.Append(value);
            }
            else
            {
                fare.AppendNull();
            }

            day.Append(Encoding.UTF8.GetBytes(row.Day));
            partition.Append(row.Partition);
            offset.Append(row.Offset);
        }

        return new RecordBatch(Schema, [city.Finish(), fare.Finish(), day.Finish(), partition.Finish(), offset.Finish()], rows.Length);
    }

    /// <summary>A row; everything follows from its coordinates.</summary>
    internal sealed record Trip(string City, double? Fare, string Day, int Partition, long Offset)
    {
        internal static Trip At(int partition, long offset) => new(
            "city" + (offset % 5),
            offset % 13 == 0 ? null : (offset * 0.25) + partition,
            offset % 2 == 0 ? "2026-01-01" : "2026-01-02",
            partition,
            offset);
    }
}
