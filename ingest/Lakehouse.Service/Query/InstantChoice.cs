using System.CommandLine;
using System.Text;
using Lakehouse.Formats;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary>
/// The instants that <c>--at</c> and <c>--since</c> name. An instant of 17 digits must be there. A time means the newest instant at or
/// before it, so that a time between two commits has one meaning.
/// </summary>
internal static class InstantChoice
{
    private const string Forms = "an instant of 17 digits, or a UTC time such as 2026-03-01T12:30:00Z";

    /// <summary>The option <c>--at</c>.</summary>
    internal static Option<string?> AtOption() => new("--at") { Description = $"The table as of then: {Forms}." };

    /// <summary>The option <c>--since</c>.</summary>
    internal static Option<string?> SinceOption() => new("--since") { Description = $"Only rows of commits after then: {Forms}." };

    /// <summary>What the two options ask for. Throws with what is there when it is not.</summary>
    internal static async Task<InstantRange> RangeAsync(HudiTable table, string? at, string? since, CancellationToken cancellation) =>
        at is null && since is null
            ? InstantRange.Whole
            : Range(await table.CompletedInstantsAsync(cancellation), at, since);

    /// <summary>The same over the completed instants of a table, oldest first. Pure.</summary>
    internal static InstantRange Range(IReadOnlyList<string> completed, string? at, string? since)
    {
        if (completed.Count == 0)
        {
            throw new CommandFailedException(ExitCode.NotFound, "The table has no commit yet, so there is no instant to read it at.");
        }

        string? last = at is null ? null : Find(completed, at, "--at")
            ?? throw new CommandFailedException(ExitCode.NotFound,
                $"--at {at} is before the oldest instant that the table still has, {completed[0]}.");
        string? first = since is null ? null : Find(completed, since, "--since");
        return first is null || string.CompareOrdinal(first, last ?? completed[^1]) <= 0
            ? new InstantRange(first, last)
            : throw new CommandFailedException(ExitCode.Usage, $"--since {since} is after --at {at}; nothing lies between them.");
    }

    /// <summary>The instant that a text names; null for a time before all of them.</summary>
    private static string? Find(IReadOnlyList<string> completed, string text, string option)
    {
        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            return InstantTime.TryParse(text, out DateTimeOffset named)
                ? completed.Contains(text, StringComparer.Ordinal) ? text : throw Unknown(completed, text, named, option)
                : throw new CommandFailedException(ExitCode.Usage, $"{option} {text} is no instant: give {Forms}.");
        }

        if (!IsoDateTime.TryParseTimestamp(Encoding.UTF8.GetBytes(text), out long micros))
        {
            throw new CommandFailedException(ExitCode.Usage, $"{option} '{text}' is no time: give {Forms}.");
        }

        string limit = InstantTime.At(DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond));
        return completed.LastOrDefault(instant => string.CompareOrdinal(instant, limit) <= 0);
    }

    private static CommandFailedException Unknown(IReadOnlyList<string> completed, string text, DateTimeOffset named, string option)
    {
        string nearest = completed.MinBy(instant => (InstantTime.Parse(instant) - named).Duration()) ?? "";
        return new CommandFailedException(ExitCode.NotFound,
            $"{option} {text}: the table has no completed instant {text}; the nearest is {nearest}, the oldest {completed[0]}, "
            + $"the newest {completed[^1]}. 'lakehouse timeline' lists them.");
    }
}
