using System.Globalization;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Lets nobody starve. Whoever is nearer to the store, or has less to do, would win every race for the next number. A committer that others
/// have passed twice takes a place in a line, <c>.hoodie/.sequence/waiting/n-nonce</c>, n being the number that it wanted first; who has
/// none, or a later one, lets it go first. A courtesy that no promise rests on: it lasts as long as one has oneself watched a place, and a
/// place that stays longer, of a process that is dead, asleep or slow, is taken away.
/// </summary>
internal sealed class WaitingLine(IObjectStore store, CommitterOptions options, TimeProvider time, Random random)
{
    private const int PassedMax = 2;
    private static readonly ReadOnlyMemory<byte> _nothing = new byte[] { (byte)'\n' };
    private readonly Dictionary<string, long> _watchedSince = new(StringComparer.Ordinal);
    private long? _wanted;
    private long _placedAt;
    private string? _place;

    internal const string FolderName = "waiting";

    /// <summary>A place's name: in the order in which their owners began to want a number.</summary>
    internal static bool IsPlace(ObjectPath path) =>
        path.Parent.Name == FolderName && SequenceFolder.TryParseStaging(path.Name, out _);

    /// <summary>This number is wanted now; when too many others have been faster, a place is taken.</summary>
    internal async ValueTask WantAsync(long number, CancellationToken cancellation)
    {
        _wanted ??= number;
        if (number - (_place is null ? _wanted.Value : _placedAt) >= PassedMax)
        {
            _place ??= $"{_wanted.Value.ToString("D20", CultureInfo.InvariantCulture)}-{NonceText.Next(random)}";
            _placedAt = number;
            await TryAsync(store.PutAsync(PathOf(_place), _nothing, cancellation));
        }
    }

    /// <summary>Whether somebody in the line goes first, so that the caller looks again later.</summary>
    internal async ValueTask<bool> LetsOthersGoFirstAsync(IReadOnlyList<string> waiting, CancellationToken cancellation)
    {
        foreach (string gone in _watchedSince.Keys.Except(waiting).ToArray())
        {
            _watchedSince.Remove(gone);
        }

        bool somebody = false;
        foreach (string place in waiting)
        {
            if (_place is not null && string.CompareOrdinal(place, _place) >= 0)
            {
                continue;
            }

            if (!_watchedSince.TryGetValue(place, out long since))
            {
                _watchedSince[place] = since = time.GetTimestamp();
            }

            if (time.GetElapsedTime(since) < options.Courtesy)
            {
                somebody = true;
            }
            else
            {
                await TryAsync(store.DeleteAsync(PathOf(place), cancellation));
            }
        }

        return somebody;
    }

    /// <summary>What was wanted has been got, or given up.</summary>
    internal async ValueTask LeaveAsync()
    {
        _wanted = null;
        if (_place is { } place)
        {
            _place = null;
            await TryAsync(store.DeleteAsync(PathOf(place), CancellationToken.None));
        }
    }

    private static ObjectPath PathOf(string place) => SequenceFolder.Folder / FolderName / place;

    private static async Task TryAsync(Task request)
    {
        try
        {
            await request;
        }
        catch (ObjectStoreException)
        {
            // Only politeness suffers.
        }
    }
}
