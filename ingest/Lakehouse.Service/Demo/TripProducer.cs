using Lakehouse.Kafka;

namespace Lakehouse.Service;

/// <summary>
/// Sends trips at an even pace, round robin over the partitions, never further ahead of the reader than the embedded broker keeps. It
/// remembers what each partition got, which is what the table must hold in the end.
/// </summary>
internal sealed class TripProducer(long recordCount, int partitionCount, TimeSpan duration, TimeProvider time)
{
    private const long AheadMax = 20_000; // the broker keeps 5 MB per partition, about 17,000 trips
    private const int BurstMax = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private readonly PartitionTruth[] _truth = [.. Enumerable.Range(0, partitionCount).Select(p => new PartitionTruth(p))];
    private long _sent;

    /// <summary>Trips sent so far.</summary>
    internal long Sent => Volatile.Read(ref _sent);

    /// <summary>What each partition got.</summary>
    internal IReadOnlyList<PartitionTruth> Truth => _truth;

    /// <summary>Sends all trips. <paramref name="readSoFar"/> tells how many the pipeline has read.</summary>
    internal async Task RunAsync(KafkaProducer producer, string topic, Func<long> readSoFar, CancellationToken cancellation)
    {
        var generator = new TripGenerator(recordCount);
        byte[] trip = new byte[TripGenerator.ByteCountMax];
        long start = time.GetTimestamp();
        while (_sent < recordCount && !cancellation.IsCancellationRequested)
        {
            double share = time.GetElapsedTime(start) / duration;
            long due = Math.Min((long)(recordCount * Math.Min(1, share)), readSoFar() + AheadMax);
            long until = Math.Min(due, _sent + BurstMax);
            while (_sent < until && TrySend(producer, topic, generator, trip))
            {
                Volatile.Write(ref _sent, _sent + 1);
            }

            if (_sent >= due || _sent < until)
            {
                await Task.Delay(Pause, time, CancellationToken.None); // a moment only
            }
        }

        await producer.FlushAsync(CancellationToken.None); // bounded by the producer's own timeout
    }

    private bool TrySend(KafkaProducer producer, string topic, TripGenerator generator, byte[] trip)
    {
        long number = _sent;
        PartitionTruth truth = _truth[number % _truth.Length];
        int length = generator.Write(number, trip);
        if (!producer.TryProduce(new TopicPartition(topic, truth.Partition), [], keyIsNull: true, trip.AsSpan(0, length),
            valueIsNull: false, time.GetUtcNow().ToUnixTimeMilliseconds()))
        {
            return false;
        }

        truth.Add(number);
        return true;
    }
}

/// <summary>What a partition got: the counts that the table must show, computed without it.</summary>
internal sealed class PartitionTruth(int partition)
{
    /// <summary>The partition.</summary>
    internal int Partition => partition;

    /// <summary>Trips sent.</summary>
    internal long Sent { get; private set; }

    /// <summary>Of these, rows of the table.</summary>
    internal long Rows { get; private set; }

    /// <summary>Of these, filtered out.</summary>
    internal long Filtered { get; private set; }

    /// <summary>Of these, dead letters.</summary>
    internal long DeadLetters { get; private set; }

    /// <summary>The sum of the rows' fares in cents.</summary>
    internal long FareCents { get; private set; }

    /// <summary>Counts one trip.</summary>
    internal void Add(long number)
    {
        TripFate fate = TripGenerator.FateOf(number);
        Sent++;
        Rows += fate == TripFate.Row ? 1 : 0;
        Filtered += fate == TripFate.Filtered ? 1 : 0;
        DeadLetters += fate == TripFate.DeadLetter ? 1 : 0;
        FareCents += fate == TripFate.Row ? TripGenerator.FareCents(number) : 0;
    }
}
