namespace Lakehouse.Storage;

/// <summary>
/// How to reach S3 or a store that speaks like it. Credentials never stand here: the AWS SDK's own chain finds them (environment, profile,
/// web identity, container, instance), and the endpoint and the region too where they are not set.
/// </summary>
public sealed record S3Settings
{
    /// <summary>Nothing set: AWS, as the environment and the profile say.</summary>
    public static S3Settings Default { get; } = new();

    /// <summary>The store's URL, such as <c>http://localhost:9000</c>; null: as the SDK finds it.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region; null: as the SDK finds it, and <c>us-east-1</c> for an endpoint of its own.</summary>
    public string? Region { get; init; }

    /// <summary>Whether the bucket stands in the path of a URL, not in the host's name; null: yes for an endpoint of its own.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>How the store encrypts what is written.</summary>
    public S3Encryption Encryption { get; init; } = S3Encryption.BucketDefault;

    /// <summary>The key for <see cref="S3Encryption.Kms"/>; null: the account's default key.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>
    /// Settings from environment variables: <c>AWS_ENDPOINT_URL_S3</c> or <c>AWS_ENDPOINT_URL</c>, <c>AWS_REGION</c> or
    /// <c>AWS_DEFAULT_REGION</c>, and for what the SDK has no variable <c>LAKEHOUSE_S3_PATH_STYLE</c> (true, false),
    /// <c>LAKEHOUSE_S3_ENCRYPTION</c> (aes256, kms) and <c>LAKEHOUSE_S3_KMS_KEY</c>. Throws <see cref="ArgumentException"/> for a value that
    /// makes no sense.
    /// </summary>
    public static S3Settings FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return new S3Settings
        {
            Endpoint = Given("AWS_ENDPOINT_URL_S3") is { } s3 ? ParseEndpoint(s3)
                : Given("AWS_ENDPOINT_URL") is { } any ? ParseEndpoint(any) : null,
            Region = Given("AWS_REGION") ?? Given("AWS_DEFAULT_REGION"),
            PathStyle = Given("LAKEHOUSE_S3_PATH_STYLE") switch
            {
                null => null,
                "true" => true,
                "false" => false,
                var other => throw new ArgumentException($"LAKEHOUSE_S3_PATH_STYLE is true or false, not '{other}'."),
            },
            Encryption = Given("LAKEHOUSE_S3_ENCRYPTION") switch
            {
                null => S3Encryption.BucketDefault,
                "aes256" => S3Encryption.Aes256,
                "kms" => S3Encryption.Kms,
                var other => throw new ArgumentException($"LAKEHOUSE_S3_ENCRYPTION is aes256 or kms, not '{other}'."),
            },
            KmsKeyId = Given("LAKEHOUSE_S3_KMS_KEY"),
        };

        string? Given(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }

    /// <summary>These settings, and those of <paramref name="other"/> where nothing is set here.</summary>
    public S3Settings Or(S3Settings other)
    {
        ArgumentNullException.ThrowIfNull(other);
        bool encrypts = Encryption != S3Encryption.BucketDefault;
        return new S3Settings
        {
            Endpoint = Endpoint ?? other.Endpoint,
            Region = Region ?? other.Region,
            PathStyle = PathStyle ?? other.PathStyle,
            Encryption = encrypts ? Encryption : other.Encryption,
            KmsKeyId = encrypts ? KmsKeyId : other.KmsKeyId,
        };
    }

    /// <summary>Reads an endpoint. Throws <see cref="ArgumentException"/> unless it is an http or https URL.</summary>
    public static Uri ParseEndpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new ArgumentException($"'{text}' is no endpoint; write a URL such as https://s3.example.com:9000.", nameof(text));
}

/// <summary>How the store encrypts an object at rest.</summary>
public enum S3Encryption
{
    /// <summary>As the bucket says; no header is sent.</summary>
    BucketDefault,

    /// <summary>With a key of the store (SSE-S3).</summary>
    Aes256,

    /// <summary>With a key of the key management service (SSE-KMS).</summary>
    Kms,
}
