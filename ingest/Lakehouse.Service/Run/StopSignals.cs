using System.Runtime.InteropServices;

namespace Lakehouse.Service;

/// <summary>
/// Ctrl-C and SIGTERM as a token: the first asks for an orderly stop, which commits what is in flight. A second one, or half a minute
/// without an end, leaves at once; nothing is lost by that, only the last seconds are read again at the next start.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(29);

    /// <summary>A supervisor may send one signal to the process and to its group: that is not a second one.</summary>
    private static readonly TimeSpan Echo = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;
    private ITimer? _patience;
    private long _asked;

    /// <summary>Takes the signals until disposed.</summary>
    internal StopSignals(Terminal terminal, TimeProvider time)
    {
        (_terminal, _time) = (terminal, time);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Take),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    internal CancellationToken Token => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _patience?.Dispose();
        _stop.Dispose();
    }

    private void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (_stop.IsCancellationRequested)
        {
            if (_time.GetElapsedTime(_asked) > Echo)
            {
                Leave("Left at once; the next start goes on where the table ends.");
            }

            return;
        }

        _asked = _time.GetTimestamp();

        _terminal.Note("Stopping: committing what is in flight. Again to leave at once.");
        _patience = _time.CreateTimer(
            _ => Leave("The last commit did not end in time and was left; the next start goes on where the table ends."),
            null, Patience, Timeout.InfiniteTimeSpan);
        _stop.Cancel();
    }

    private void Leave(string sentence)
    {
        _terminal.Note(sentence);
        Environment.Exit(ExitCode.Failed);
    }
}
