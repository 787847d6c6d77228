namespace Lakehouse.Testing;

/// <summary>What befalls a simulated process at its points, and its store calls.</summary>
public sealed record FaultPlan
{
    /// <summary>Nothing.</summary>
    public static readonly FaultPlan None = new();

    /// <summary>Dies at this point: 2 n before call n, 2 n + 1 after it, its answer lost.</summary>
    public long? KillAt { get; init; }

    /// <summary>Probability of dying at a point.</summary>
    public double Kill { get; init; }

    /// <summary>Probability of the whole process standing still at a point.</summary>
    public double Pause { get; init; }

    /// <summary>Probability of a point taking time.</summary>
    public double Slow { get; init; } = 0.3;

    /// <summary>Probability of a store call failing transiently, without effect.</summary>
    public double Transient { get; init; }

    /// <summary>Probability of a conditional put whose answer is lost: with or without effect.</summary>
    public double Unknown { get; init; }

    internal Fault Draw(long point, Random random)
    {
        if (KillAt == point)
        {
            return Fault.Kill;
        }

        double drawn = random.NextDouble();
        return drawn < Kill ? Fault.Kill
            : drawn < Kill + Pause ? Fault.Pause
            : drawn < Kill + Pause + Slow ? Fault.Slow
            : Fault.None;
    }
}

internal enum Fault
{
    None,
    Slow,
    Pause,
    Kill,
}
