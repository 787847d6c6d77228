namespace Lakehouse.Formats;

/// <summary>What went wrong while a message was parsed; filled on the way out only.</summary>
internal struct JsonFault
{
    /// <summary>What every parsing method returns instead of a position when it has set a fault.</summary>
    internal const int Position = -1;

    /// <summary>The fault is in no column.</summary>
    internal const int NoColumn = -1;

    internal DecodeErrorKind Kind;
    internal int Column;
    internal int Offset;
    internal string Reason;

    internal int Set(DecodeErrorKind kind, int offset, string reason)
    {
        (Kind, Offset, Reason) = (kind, offset, reason);
        return Position;
    }

    internal int Malformed(int offset, string expected) => Set(DecodeErrorKind.MalformedJson, offset, expected);
}
