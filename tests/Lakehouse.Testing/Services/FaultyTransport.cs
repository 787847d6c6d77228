namespace Lakehouse.Testing;

/// <summary>Carries HTTP requests, counts them, and does to them what a test says: nothing, no answer, another answer.</summary>
public sealed class FaultyTransport : DelegatingHandler
{
    private readonly Lock _lock = new();
    private readonly List<SentRequest> _sent = [];

    /// <summary>Requests go out to the network.</summary>
    public FaultyTransport()
        : base(new SocketsHttpHandler())
    {
    }

    /// <summary>What happens before a request is sent: throw, or give an answer of the test's own; null: it is sent.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?>? Before { get; set; }

    /// <summary>What happens to an answer; throwing means that it is lost.</summary>
    public Action<HttpRequestMessage, HttpResponseMessage>? After { get; set; }

    /// <summary>Every request so far.</summary>
    public IReadOnlyList<SentRequest> Sent
    {
        get
        {
            lock (_lock)
            {
                return [.. _sent];
            }
        }
    }

    /// <summary>Forgets what was sent.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _sent.Clear();
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _sent.Add(new SentRequest(
                request.Method.Method,
                request.RequestUri?.PathAndQuery ?? "",
                request.Content?.Headers.ContentLength ?? 0,
                request.Headers.ToDictionary(static h => h.Key, static h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase)));
        }

        if (Before?.Invoke(request) is { } answer)
        {
            answer.RequestMessage = request;
            return answer;
        }

        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        After?.Invoke(request, response);
        return response;
    }
}

/// <summary>A request as it was sent.</summary>
/// <param name="Method">GET, PUT ...</param>
/// <param name="Target">Path and query.</param>
/// <param name="ContentLength">Bytes of content.</param>
/// <param name="Headers">Its headers.</param>
public sealed record SentRequest(string Method, string Target, long ContentLength, IReadOnlyDictionary<string, string> Headers);
