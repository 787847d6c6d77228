using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Lakehouse.Ingest;

/// <summary>How many bad records are too many (<c>stop_above</c>). A closed hierarchy.</summary>
public abstract partial record DeadLetterLimit
{
    private DeadLetterLimit()
    {
    }

    /// <summary>A share of the records read.</summary>
    /// <param name="Part">From 0 to below 1.</param>
    public sealed record Share(double Part) : DeadLetterLimit
    {
        /// <summary>Records that are read before a share means anything: one early bad record is no reason to stop.</summary>
        public const int SampleMin = 1000;

        /// <summary>Records after which counting begins anew, so that a good past does not hide a bad present.</summary>
        public const int WindowRecords = 10_000;

        /// <inheritdoc/>
        public override string? WhyStop(long read, long deadLettered, TimeSpan elapsed) =>
            read >= SampleMin && deadLettered > Part * read
                ? string.Create(CultureInfo.InvariantCulture,
                    $"{deadLettered} of the last {read} records are bad, more than stop_above: {Part * 100:0.######}%")
                : null;

        /// <inheritdoc/>
        public override bool IsWindowOver(long read, TimeSpan elapsed) => read >= WindowRecords;
    }

    /// <summary>Records per second.</summary>
    /// <param name="PerSecond">Above zero.</param>
    public sealed record Rate(double PerSecond) : DeadLetterLimit
    {
        /// <summary>The time over which a rate is taken: a burst shorter than it counts as spread over it.</summary>
        public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

        /// <inheritdoc/>
        public override string? WhyStop(long read, long deadLettered, TimeSpan elapsed)
        {
            double seconds = Math.Max(elapsed.TotalSeconds, Window.TotalSeconds);
            return deadLettered > Math.Max(PerSecond * seconds, 1)
                ? string.Create(CultureInfo.InvariantCulture,
                    $"{deadLettered} records within {seconds:0.#} s are bad, more than stop_above: {PerSecond:0.######}/s")
                : null;
        }

        /// <inheritdoc/>
        public override bool IsWindowOver(long read, TimeSpan elapsed) => elapsed >= Window;
    }

    /// <summary>Why a pipeline that has read so much, with so many bad records among it, must stop; null when it goes on. Pure.</summary>
    public abstract string? WhyStop(long read, long deadLettered, TimeSpan elapsed);

    /// <summary>Whether counting begins anew after this much. Pure.</summary>
    public abstract bool IsWindowOver(long read, TimeSpan elapsed);

    /// <summary>Reads <c>5%</c>, <c>100/s</c>, <c>600/m</c> or <c>1000/h</c>; false for anything else, and for 100% and more.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DeadLetterLimit? limit)
    {
        limit = null;
        Match match = Form().Match(text);
        if (!match.Success || !double.TryParse(match.Groups[1].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return false;
        }

        limit = match.Groups[2].Value switch
        {
            "%" when number < 100 => new Share(number / 100),
            "/s" when number > 0 => new Rate(number),
            "/m" when number > 0 => new Rate(number / 60),
            "/h" when number > 0 => new Rate(number / 3600),
            _ => null,
        };
        return limit is not null;
    }

    [GeneratedRegex(@"^(\d{1,12}(?:\.\d{1,6})?) ?(%|/s|/m|/h)$")]
    private static partial Regex Form();
}
