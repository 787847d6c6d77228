namespace Lakehouse.Testing;

/// <summary>What befalls a simulated process at its points, and its store calls.</summary>
public sealed record FaultPlan
{
    /// <summary>Nothing.</summary>
    public static readonly FaultPlan None = new();

    /// <summary>Dies at this point; each call has one before it takes effect and one after.</summary>
    public long? KillAt { get; init; }

    /// <summary>The call of this point fails: without effect at the point before it; with effect, its answer lost, at the one after it.</summary>
    public long? FailAt { get; init; }

    /// <summary>Stands still at this point.</summary>
    public long? PauseAt { get; init; }

    /// <summary>Whether it says at which point something happens, once.</summary>
    public bool IsPlanned => KillAt is not null || FailAt is not null || PauseAt is not null;

    /// <summary>Probability of dying at a point.</summary>
    public double Kill { get; init; }

    /// <summary>Probability of the whole process standing still at a point.</summary>
    public double Pause { get; init; }

    /// <summary>How long it stands still then, at most; short pauses are as likely as long ones.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Probability of a point taking time.</summary>
    public double Slow { get; init; } = 0.3;

    /// <summary>Probability of a call failing at a point: without effect before it, with its answer lost after it.</summary>
    public double Fail { get; init; }

    /// <summary>Probability of a conditional put whose answer is lost: with effect, without, or with one that comes later.</summary>
    public double Unknown { get; init; }

    internal Fault Draw(long point, Random random)
    {
        if (KillAt == point)
        {
            return Fault.Kill;
        }

        if (FailAt == point)
        {
            return Fault.Fail;
        }

        if (PauseAt == point)
        {
            return Fault.Pause;
        }

        double drawn = random.NextDouble();
        return drawn < Kill ? Fault.Kill
            : drawn < Kill + Pause ? Fault.Pause
            : drawn < Kill + Pause + Fail ? Fault.Fail
            : drawn < Kill + Pause + Fail + Slow ? Fault.Slow
            : Fault.None;
    }
}

internal enum Fault
{
    None,
    Slow,
    Pause,
    Fail,
    Kill,
}
