namespace Lakehouse.Formats;

/// <summary>Why one message could not become a row.</summary>
/// <param name="Kind">The class of the error; dead letters are counted by it.</param>
/// <param name="Column">The column whose value is wrong, or null when none is to blame.</param>
/// <param name="ByteOffset">Where in the message the wrong value or byte starts.</param>
/// <param name="Reason">One sentence for a human.</param>
public readonly record struct DecodeError(DecodeErrorKind Kind, string? Column, int ByteOffset, string Reason)
{
    /// <summary>Kind, place and reason in one line.</summary>
    public override string ToString() => Column is null
        ? FormattableString.Invariant($"{Kind} at byte {ByteOffset}: {Reason}")
        : FormattableString.Invariant($"{Kind} in column '{Column}' at byte {ByteOffset}: {Reason}");
}
