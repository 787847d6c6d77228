using System.Net;
using System.Net.Sockets;

namespace Lakehouse.Testing;

/// <summary>Finds ports for services that have to be told theirs.</summary>
internal static class FreePorts
{
    /// <summary>A port such that nobody listens now on any of the ports at these distances from it.</summary>
    internal static int First(params int[] distances)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            int first = Random.Shared.Next(20_000, 30_000);
            if (distances.All(d => IsFree(first + d)))
            {
                return first;
            }
        }

        throw new InvalidOperationException("No free ports.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
