namespace Lakehouse.Storage;

/// <summary>
/// The name of an object below the root of a store: segments joined by '/', no leading or trailing slash, no empty segment,
/// no '.' or '..', no NUL or backslash. The root itself is the empty path. Anything else is refused, so a path never leaves its store.
/// </summary>
public readonly record struct ObjectPath : IComparable<ObjectPath>
{
    private readonly string? _value;

    /// <summary>Checks and wraps a path. Throws <see cref="ArgumentException"/> for anything that is not a plain relative name.</summary>
    public ObjectPath(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length > 0)
        {
            foreach (string segment in value.Split('/'))
            {
                if (segment is "" or "." or ".." || segment.AsSpan().ContainsAny('\0', '\\'))
                {
                    throw new ArgumentException($"'{value}' is not a path below the store's root.", nameof(value));
                }
            }
        }

        _value = value;
    }

    /// <summary>The path as text; empty for the root.</summary>
    public string Value => _value ?? "";

    /// <summary>The last segment.</summary>
    public string Name => Value[(Value.LastIndexOf('/') + 1)..];

    /// <summary>The path without its last segment.</summary>
    public ObjectPath Parent => Value.LastIndexOf('/') is var slash and >= 0 ? new ObjectPath(Value[..slash]) : default;

    /// <summary>A path below a folder.</summary>
    public static ObjectPath operator /(ObjectPath folder, string below) =>
        new(folder.Value.Length == 0 ? below : folder.Value + "/" + below);

    /// <inheritdoc/>
    public int CompareTo(ObjectPath other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value;
}
