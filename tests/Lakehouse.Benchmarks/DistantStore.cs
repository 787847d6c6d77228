using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>A store whose reads take a while, and then come at a speed; ranges near each other are one request, as on S3.</summary>
internal sealed class DistantStore(IObjectStore inner, TimeSpan latency, double bytesPerSecond) : DelegatingStore(inner), IObjectStore
{
    internal long RequestCount { get; private set; }

    internal long ByteCount { get; private set; }

    internal void Reset() => (RequestCount, ByteCount) = (0, 0);

    public override async Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        RequestCount++;
        ByteCount += destination.Length;
        await Task.Delay(latency + TimeSpan.FromSeconds(destination.Length / bytesPerSecond), TimeProvider.System, cancellation);
        await Inner.ReadAsync(path, offset, destination, cancellation);
    }

    Task IObjectStore.ReadAsync(ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation) =>
        SideBySide.RunAsync(
            RangePlan.Make([.. ranges.Where(static r => !r.Destination.IsEmpty)]),
            SideBySide.RequestsAtATime,
            async (read, stop) =>
            {
                byte[] bytes = new byte[read.Length];
                await ReadAsync(path, read.Offset, bytes, stop);
                foreach (ReadRange range in read.Ranges)
                {
                    bytes.AsSpan((int)(range.Offset - read.Offset), range.Destination.Length).CopyTo(range.Destination.Span);
                }
            },
            cancellation);
}
