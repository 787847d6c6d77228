using System.Globalization;
using System.Text;
using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// The topic of the simulation, and what each record of it must become, known from how it was made and not from any code under test.
/// Among the trips are bad ones of several kinds, filtered ones, holes, and aborted transactions.
/// </summary>
/// <param name="log">Where the records go.</param>
/// <param name="random">What they are.</param>
/// <param name="hasLong">Some trips are longer than the pipeline takes: bad for it, and not for one that is corrected.</param>
internal sealed class TripLog(SimulatedLog log, Random random, bool hasLong)
{
    internal const int RecordBytesMax = 1024;
    internal const string Topic = "trips";

    /// <summary>Trips from this fare on go to the route, where there is one.</summary>
    internal const int DearFrom = 50;
    private const long Day = 86_400_000;
    private const long FirstDay = 1_763_424_000_000;
    private readonly List<Made> _made = [];
    private int _partitionCount;

    internal void AddPartition() => log.CreateTopic(Topic, ++_partitionCount);

    internal void Grow(int recordCount)
    {
        for (int i = 0; i < recordCount; i++)
        {
            var partition = new TopicPartition(Topic, random.Next(_partitionCount));
            switch (random.Next(20))
            {
                case 0:
                    log.AppendHole(partition, random.Next(1, 3));
                    break;
                case 1:
                    log.BeginTransaction(partition);
                    (byte[]? value, long at, _) = Make(partition, 0);
                    log.Append(partition, null, value, at);
                    log.EndTransaction(partition, commit: false);
                    break;
                default:
                    break;
            }

            Produce(partition);
        }
    }

    /// <summary>What the log before these offsets comes to, as <see cref="TableRows"/> puts it.</summary>
    internal LogFold Fold(Func<int, long> endOf, bool hasRoute)
    {
        Made[] before = [.. _made.Where(made => made.Offset < endOf(made.Partition))];
        return new LogFold(
            Sorted(before.Where(made => !made.IsLong && !(hasRoute && made.IsDear)).Select(static made => made.Row)),
            Sorted(before.Where(made => !made.IsLong && hasRoute && made.IsDear).Select(static made => made.Row)),
            Sorted(before.Where(static made => !made.IsLong).Select(static made => made.DeadLetter)))
        {
            Long = [.. before.Where(static made => made.IsLong).Select(made => new LongTrip(
                made.Row, hasRoute && made.IsDear, made.DeadLetter ?? throw new InvalidOperationException("A long trip is a dead letter.")))],
        };
    }

    private static List<string> Sorted(IEnumerable<string?> texts) => [.. texts.OfType<string>().Order(StringComparer.Ordinal)];

    private void Produce(TopicPartition partition)
    {
        long offset = log.Watermarks(partition).High;
        (byte[]? value, long timestamp, Made made) = Make(partition, offset);
        Assert.Equal(offset, log.Append(partition, null, value, timestamp));
        _made.Add(made);
    }

    private (byte[]? Value, long Timestamp, Made Made) Make(TopicPartition partition, long offset)
    {
        int number = random.Next(10_000);
        long at = FirstDay + (random.Next(2) * Day) + number;
        double fare = (number % 100) + 0.25;
        string id = string.Create(CultureInfo.InvariantCulture, $"t{number}");
        bool isLong = hasLong && random.Next(4) == 0;
        string more = isLong ? $",\"more\":\"{new string('x', RecordBytesMax)}\"" : "";
        (string? json, string? bad) = random.Next(isLong ? 5 : 0, 24) switch
        {
            0 => ("{\"id\":", "MalformedJson"),
            1 => ($$"""{"id":"{{id}}","fare":"much"}""", "WrongType"),
            2 => ("""{"fare":1}""", "MissingRequiredField"),
            3 => ($$"""{"id":"{{id}}","at":99999999999999999999}""", "NumberOutOfRange"),
            4 => (null, "Tombstone"),
            5 or 6 => (Trip(id, at, -fare, more), "filtered"),
            7 => ($$"""{"id":"{{id}}","at":{{at}}{{more}}}""", "filtered"), // Whether null >= 0 is unknown, so the filter drops it.
            8 => ($$"""{"fare":{{Text(fare)}},"id":"{{id}}"{{more}}}""", ""),
            _ => (Trip(id, at, fare, more), null),
        };
        bool isDear = fare >= DearFrom;
        byte[]? value = json is null ? null : Encoding.UTF8.GetBytes(json);
        string? row = bad switch
        {
            null => TableRows.Row(partition.Partition, offset, id, at, fare, "dt=" + Date(at)),
            "" => TableRows.Row(partition.Partition, offset, id, null, fare, "dt=__HIVE_DEFAULT_PARTITION__"),
            _ => null,
        };
        string? kind = isLong ? "Oversized" : bad is null or "" or "filtered" ? null : bad;
        string? deadLetter = kind is null ? null : TableRows.DeadLetter(Topic, partition.Partition, offset, at, json, kind);
        return (value, at, new Made(partition.Partition, offset, row, deadLetter, row is not null && isDear, isLong));
    }

    private static string Trip(string id, long at, double fare, string more) =>
        $$"""{"id":"{{id}}","at":{{at}},"fare":{{Text(fare)}}{{more}}}""";

    private static string Text(double fare) => fare.ToString("R", CultureInfo.InvariantCulture);

    private static string Date(long at) =>
        DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A record of the log. Neither row nor dead letter: it is filtered. Both: it is long, and may be replayed.</summary>
    private sealed record Made(int Partition, long Offset, string? Row, string? DeadLetter, bool IsDear, bool IsLong);
}

/// <summary>What each table must hold, sorted: every record stands in one of them at most.</summary>
internal sealed record LogFold(List<string> Rows, List<string> Routed, List<string> DeadLetters)
{
    /// <summary>Records that are dead letters until they are replayed.</summary>
    internal required IReadOnlyList<LongTrip> Long { get; init; }
}

/// <summary>A dead letter, and the row that it becomes when it is replayed; none: it is filtered then.</summary>
internal sealed record LongTrip(string? Row, bool IsRouted, string DeadLetter);
