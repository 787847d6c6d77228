using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace Lakehouse.Storage;

/// <summary>
/// The SDK's client with every retry of its own taken out: a conditional put must never be sent twice, not even when a pooled connection
/// turns out to be stale, and what may be repeated is repeated by <see cref="Retries"/>.
/// </summary>
internal sealed class SingleAttemptClient : AmazonS3Client
{
    /// <summary>A client whose credentials the SDK's chain finds.</summary>
    internal SingleAttemptClient(AmazonS3Config config)
        : base(config)
    {
    }

    /// <summary>A client with given credentials.</summary>
    internal SingleAttemptClient(AWSCredentials credentials, AmazonS3Config config)
        : base(credentials, config)
    {
    }

    /// <summary>The SDK's configuration for some settings; <paramref name="handler"/> carries the requests.</summary>
    internal static AmazonS3Config Configure(S3Settings settings, Func<HttpMessageHandler> handler)
    {
        var config = new AmazonS3Config
        {
            MaxErrorRetry = 0,
            ThrottleRetries = false,
            // Stores that speak S3 do not all know the newer checksums; TLS and the signature over the content protect it.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            ForcePathStyle = settings.PathStyle ?? settings.Endpoint is not null,
            HttpClientFactory = new Connections(handler),
        };
        if (settings.Endpoint is not null)
        {
            config.ServiceURL = settings.Endpoint.ToString();
            config.AuthenticationRegion = settings.Region ?? "us-east-1";
        }
        else if (settings.Region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region);
        }

        return config;
    }

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.RemoveHandler<RetryHandler>();
    }

    /// <summary>One pool of connections per client.</summary>
    private sealed class Connections(Func<HttpMessageHandler> handler) : HttpClientFactory
    {
        private readonly Lazy<HttpClient> _client = new(() => new HttpClient(handler()) { Timeout = Timeout.InfiniteTimeSpan });

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client.Value;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
