namespace Lakehouse.Ingest;

/// <summary>An expression that cannot be read or does not fit the columns.</summary>
/// <param name="position">Where in the text, counted in characters from 0.</param>
/// <param name="reason">What is wrong, and what is near it.</param>
public sealed class ExpressionException(int position, string reason)
    : Exception(FormattableString.Invariant($"{reason} (at character {position + 1})"))
{
    /// <summary>Where in the text, counted in characters from 0.</summary>
    public int Position { get; } = position;

    /// <summary>The message without the position.</summary>
    public string Reason { get; } = reason;
}
