namespace Lakehouse.Formats;

/// <summary>Why a message is not a row of the schema.</summary>
public enum DecodeErrorKind
{
    /// <summary>The bytes are not one JSON object, or a column appears twice in it.</summary>
    MalformedJson,

    /// <summary>A value is JSON but not of the column's type.</summary>
    WrongType,

    /// <summary>A required column is missing or null.</summary>
    MissingRequiredField,

    /// <summary>A number does not fit the column's type, precision or scale.</summary>
    NumberOutOfRange,

    /// <summary>The message is not UTF-8, or an escape names half of a surrogate pair.</summary>
    InvalidUtf8,

    /// <summary>The message is longer than the limit.</summary>
    Oversized,

    /// <summary>The message has no value: whoever reads the log decides what that means.</summary>
    Tombstone,
}
