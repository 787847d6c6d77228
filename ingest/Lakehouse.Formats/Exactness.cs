namespace Lakehouse.Formats;

/// <summary>How a decimal number fits an integer or a decimal column.</summary>
internal enum Exactness
{
    /// <summary>It fits without loss.</summary>
    Exact,

    /// <summary>Digits behind the column's scale would be lost.</summary>
    Inexact,

    /// <summary>Its magnitude is beyond the column's range.</summary>
    TooLarge,
}
