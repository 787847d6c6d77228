namespace Lakehouse.Storage;

/// <summary>A bucket and the prefix of all keys of one store in it: <c>s3://bucket/prefix</c>.</summary>
internal sealed record S3Location(string Bucket, string Prefix)
{
    internal const string Scheme = "s3://";

    /// <summary>Reads a location. Hadoop's <c>s3a://</c> means the same. Throws <see cref="ArgumentException"/> for anything else.</summary>
    internal static S3Location Parse(string location)
    {
        string rest = location[(location.IndexOf("://", StringComparison.Ordinal) + 3)..].TrimEnd('/');
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string bucket = slash < 0 ? rest : rest[..slash];
        string prefix = slash < 0 ? "" : rest[(slash + 1)..];
        if (bucket.Length < 3 || bucket.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')))
        {
            throw new ArgumentException($"'{location}' does not name a bucket; write s3://bucket/folder.", nameof(location));
        }

        return new S3Location(bucket, new ObjectPath(prefix).Value);
    }

    internal static bool IsS3(string location) =>
        location.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        || location.StartsWith("s3a://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The key of an object.</summary>
    internal string Key(ObjectPath path) =>
        Prefix.Length == 0 ? path.Value : path.Value.Length == 0 ? Prefix : Prefix + "/" + path.Value;

    /// <summary>What the keys of all objects below a folder begin with.</summary>
    internal string KeyPrefix(ObjectPath folder) => Key(folder) is { Length: > 0 } key ? key + "/" : "";

    /// <summary>The path that a key below the prefix stands for; null for one that no path has, such as a console's folder marker.</summary>
    internal ObjectPath? PathOf(string key)
    {
        string path = Prefix.Length == 0 ? key : key[(Prefix.Length + 1)..];
        return path.Length > 0 && ObjectPath.IsValid(path) ? new ObjectPath(path) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Prefix.Length == 0 ? Scheme + Bucket : Scheme + Bucket + "/" + Prefix;
}
