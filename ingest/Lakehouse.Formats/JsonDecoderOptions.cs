namespace Lakehouse.Formats;

/// <summary>Limits and choices of a <see cref="JsonDecoder"/>.</summary>
public sealed record JsonDecoderOptions
{
    /// <summary>Longest message in bytes; a longer one is <see cref="DecodeErrorKind.Oversized"/>. 16 MiB by default.</summary>
    public int RecordBytesMax
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1 << 30);
            field = value;
        }
    } = 16 << 20;
}
