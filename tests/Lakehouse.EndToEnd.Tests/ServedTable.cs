using System.Text.Json;
using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>Processes that serve a table while its workers commit: savepoints come and go, and a clean looks for what nobody needs.</summary>
internal sealed class ServedTable(TableAt table)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private Task _running = Task.CompletedTask;
    private int _count;

    /// <summary>Begins a round, unless one is still going on.</summary>
    public void Begin()
    {
        if (_running.IsCompletedSuccessfully)
        {
            _count++;
            _running = Task.Run(() => ServeAsync($"round-{_count}"));
        }
    }

    /// <summary>Waits for the last round and returns how many there were; throws when a service did not succeed.</summary>
    public async Task<int> EndAsync()
    {
        await _running;
        return _count;
    }

    private async Task ServeAsync(string name)
    {
        if (!await HasCommitAsync())
        {
            return;
        }

        await SucceedAsync("savepoint", table.Location, "create", name);
        await SucceedAsync("clean", table.Location, "--keep-hours", "24");
        await SucceedAsync("savepoint", table.Location, "delete", name);
    }

    private async Task<bool> HasCommitAsync()
    {
        (int exitCode, string output, _) = await LakehouseProcess.RunAsync(
            Patience, AppContext.BaseDirectory, table.Environment, "timeline", table.Location, "--json");
        if (exitCode != 0)
        {
            return false; // There is no table yet.
        }

        using JsonDocument timeline = JsonDocument.Parse(output);
        return timeline.RootElement.GetProperty("instant_count").GetInt32() > 0;
    }

    private async Task SucceedAsync(params string[] arguments)
    {
        (int exitCode, string output, string error) = await LakehouseProcess.RunAsync(
            Patience, AppContext.BaseDirectory, table.Environment, arguments);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"lakehouse {string.Join(' ', arguments)} ended with {exitCode}: {output}{error}");
        }
    }
}
