namespace Lakehouse.Storage;

/// <summary>How long one request may take: a fixed time for the answer to begin, and more for the bytes it moves.</summary>
internal sealed class CallLimit : IDisposable
{
    private const long BytesPerSecondMin = 50_000;
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _either;

    /// <summary>A limit that runs from now.</summary>
    internal CallLimit(TimeProvider time, CancellationToken cancellation)
    {
        _deadline = new CancellationTokenSource(Answer, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _deadline.Token);
    }

    /// <summary>Cancelled when the time is over, or by the caller.</summary>
    internal CancellationToken Token => _either.Token;

    /// <summary>Starts the time again, with what a slow network takes for so many bytes.</summary>
    internal void Allow(long byteCount) => _deadline.CancelAfter(Answer + TimeSpan.FromSeconds((double)byteCount / BytesPerSecondMin));

    /// <inheritdoc/>
    public void Dispose()
    {
        _either.Dispose();
        _deadline.Dispose();
    }
}
