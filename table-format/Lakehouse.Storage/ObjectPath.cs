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
        _value = IsValid(value)
            ? value
            : throw new ArgumentException($"'{value}' is not a path below the store's root.", nameof(value));
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

    /// <summary>The order of the UTF-8 bytes, which is how every store lists.</summary>
    public int CompareTo(ObjectPath other)
    {
        (string one, string two) = (Value, other.Value);
        int same = one.AsSpan().CommonPrefixLength(two);
        if (same == one.Length || same == two.Length)
        {
            return one.Length.CompareTo(two.Length);
        }

        // < UTF-16 puts characters beyond the first plane (surrogates, U+D800 to U+DFFF) before U+E000 to U+FFFF; UTF-8 does not.
        (bool first, bool second) = (char.IsSurrogate(one[same]), char.IsSurrogate(two[same]));
        return first == second ? one[same].CompareTo(two[same]) : first ? 1 : -1;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <summary>Whether a text is a plain relative name.</summary>
    internal static bool IsValid(string value)
    {
        foreach (Range part in value.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> segment = value.AsSpan(part);
            if (segment is "" or "." or ".." || segment.ContainsAny('\0', '\\'))
            {
                return value.Length == 0;
            }
        }

        return true;
    }
}
