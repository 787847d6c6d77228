namespace Lakehouse.Hudi;

/// <summary>Which savepoint to make, or why none. Pure.</summary>
internal static class SavepointPlanning
{
    internal static (Savepoint? Savepoint, string? WhyNot) Plan(string? name, string? instant, SequenceStatus sequence)
    {
        if (sequence.Outcomes.IsEmpty || sequence.Outcomes[^1].State.Instant is not { } last)
        {
            return (null, "it has no instant yet");
        }

        Outcome newest = sequence.Outcomes[^1];
        string kept = instant ?? last;
        string called = name ?? kept;
        if (newest.Upkeep.Savepoints.FirstOrDefault(s => s.Instant == kept || s.Name == called) is { } other)
        {
            return (null, $"there is a savepoint '{other.Name}' at {other.Instant} already");
        }

        if (called != kept && InstantTime.TryParse(called, out _))
        {
            return (null, $"the name '{called}' looks like an instant; give it another");
        }

        Outcome? found = sequence.Outcomes.FirstOrDefault(o =>
            o.Commit is not null && o.Instant == kept && o.Number >= newest.Floor && !newest.Upkeep.IsVoided(kept));
        if (found is null)
        {
            return (null, $"'{kept}' is no instant of its active timeline");
        }

        return newest.Upkeep.RetainedFrom is { } retained && string.CompareOrdinal(kept, retained) < 0
            ? (null, $"a clean has deleted files of instant {kept}; the oldest possible one is {retained}")
            : (new Savepoint(called, kept, found.Number, ""), null);
    }
}
