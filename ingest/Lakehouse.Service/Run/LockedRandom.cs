namespace Lakehouse.Service;

/// <summary>A source of chance that several threads may use: one lock around one generator.</summary>
internal sealed class LockedRandom(Random inner) : Random(0)
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public override int Next()
    {
        lock (_lock)
        {
            return inner.Next();
        }
    }

    /// <inheritdoc/>
    public override int Next(int maxValue)
    {
        lock (_lock)
        {
            return inner.Next(maxValue);
        }
    }

    /// <inheritdoc/>
    public override int Next(int minValue, int maxValue)
    {
        lock (_lock)
        {
            return inner.Next(minValue, maxValue);
        }
    }

    /// <inheritdoc/>
    public override long NextInt64()
    {
        lock (_lock)
        {
            return inner.NextInt64();
        }
    }

    /// <inheritdoc/>
    public override long NextInt64(long maxValue)
    {
        lock (_lock)
        {
            return inner.NextInt64(maxValue);
        }
    }

    /// <inheritdoc/>
    public override long NextInt64(long minValue, long maxValue)
    {
        lock (_lock)
        {
            return inner.NextInt64(minValue, maxValue);
        }
    }

    /// <inheritdoc/>
    public override double NextDouble() => Sample();

    /// <inheritdoc/>
    public override float NextSingle()
    {
        lock (_lock)
        {
            return inner.NextSingle();
        }
    }

    /// <inheritdoc/>
    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    /// <inheritdoc/>
    public override void NextBytes(Span<byte> buffer)
    {
        lock (_lock)
        {
            inner.NextBytes(buffer);
        }
    }

    /// <inheritdoc/>
    protected override double Sample()
    {
        lock (_lock)
        {
            return inner.NextDouble();
        }
    }
}
