using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Parquet;

/// <summary>Records which bytes are read, and answers later if told to: after so long, and no sooner than whoever asked has gone on.</summary>
internal sealed class RecordedReads(IObjectStore inner) : DelegatingStore(inner)
{
    /// <summary>How long each read takes; zero: it is done at once.</summary>
    internal TimeSpan Latency { get; init; }

    /// <summary>Bytes read so far.</summary>
    internal long ByteCount { get; private set; }

    /// <summary>Calls so far.</summary>
    internal int CallCount { get; private set; }

    /// <summary>Reads that have begun and not ended.</summary>
    internal int Running { get; private set; }

    /// <summary>Every range that was read.</summary>
    internal List<(long Offset, int Length)> Ranges { get; } = [];

    public override async Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        CallCount++;
        Running++;
        ByteCount += destination.Length;
        Ranges.Add((offset, destination.Length));
        if (Latency > TimeSpan.Zero)
        {
            await Task.Delay(Latency, TimeProvider.System, CancellationToken.None);
        }

        await Inner.ReadAsync(path, offset, destination, CancellationToken.None);
        Running--;
    }
}
