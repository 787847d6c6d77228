using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// Passes connections to a store on, and sees the line of each HTTP request before the store does: how a kill is aimed at one request of
/// another process. Disposing it breaks all connections.
/// </summary>
internal sealed class RequestTap : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Uri _upstream;

    /// <summary>Listens on a free port.</summary>
    public RequestTap(Uri upstream)
    {
        _upstream = upstream;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>What clients connect to.</summary>
    public Uri Endpoint => new($"http://{_listener.LocalEndpoint}");

    /// <summary>Called with method and path of each request before its first byte is passed on, on any thread.</summary>
    public Action<string, string>? Before { get; set; }

    /// <summary>Called with method and path of each request after its head was passed on, on any thread.</summary>
    public Action<string, string>? After { get; set; }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptSocketAsync(_end.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Nobody is let in any more.
        }
    }

    /// <summary>A connection that breaks on one side breaks on the other.</summary>
    private async Task PassAsync(Socket client)
    {
        using Socket near = client;
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        try
        {
            await far.ConnectAsync(_upstream.Host, _upstream.Port, broken.Token);
            Task up = CopyAsync(near, far, isRequest: true, broken.Token);
            Task down = CopyAsync(far, near, isRequest: false, broken.Token);
            await Task.WhenAny(up, down);
            await broken.CancelAsync();
            await Task.WhenAll(up, down);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other side sees it.
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool isRequest, CancellationToken stop)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer, stop) is > 0 and int length)
        {
            (string Method, string Path)? request = isRequest ? RequestLine(buffer.AsSpan(0, length)) : null;
            if (request is { } begun)
            {
                Before?.Invoke(begun.Method, begun.Path);
            }

            for (int sent = 0; sent < length;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), stop);
            }

            if (request is { } passed)
            {
                After?.Invoke(passed.Method, passed.Path);
            }
        }
    }

    /// <summary>A client that waits for each answer begins each request with a write of its own.</summary>
    private static (string Method, string Path)? RequestLine(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> line = bytes[..Math.Min(bytes.Length, 2_000)];
        int end = line.IndexOf(" HTTP/1.1\r\n"u8);
        int space = line.IndexOf((byte)' ');
        if (end < 0 || space is < 3 or > 7 || space >= end || line[..end].Contains((byte)'\n'))
        {
            return null;
        }

        string target = Encoding.ASCII.GetString(line[(space + 1)..end]);
        return (Encoding.ASCII.GetString(line[..space]), Uri.UnescapeDataString(target.Split('?')[0]));
    }
}
