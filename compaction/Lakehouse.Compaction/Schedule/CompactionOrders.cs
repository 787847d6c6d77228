using System.Text.Json;
using Lakehouse.Storage;

namespace Lakehouse.Compaction;

/// <summary>What operators want of whoever compacts a table on a schedule, wherever that runs.</summary>
/// <param name="IsPaused">No run begins, and one that is under way ends after the output it is at.</param>
/// <param name="Run">A word that changes with each order to run now; null before the first.</param>
public sealed record CompactionOrders(bool IsPaused, string? Run)
{
    /// <summary>Nobody wants anything.</summary>
    public static CompactionOrders None { get; } = new(false, null);
}

/// <summary>How whoever compacts a table on a schedule is doing.</summary>
/// <param name="Owner">Its name.</param>
/// <param name="Life">This life of it.</param>
/// <param name="Beat">Grows while it lives.</param>
/// <param name="State"><c>waiting</c>, and why, or <c>running</c>.</param>
public sealed record CompactionStatus(string Owner, string Life, long Beat, string State)
{
    /// <summary>When the cron expression is due next.</summary>
    public DateTimeOffset? NextDue { get; init; }

    /// <summary>The last order to run now that was obeyed.</summary>
    public string? Obeyed { get; init; }

    /// <summary>What the staging folders of the run under way begin with; null: there is none.</summary>
    public string? Staging { get; init; }

    /// <summary>How the last run ended, in a sentence.</summary>
    public string? LastRun { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? LastRunAt { get; init; }
}

/// <summary>
/// Orders and status lie in the table itself, as two small objects that are put whole: so they work across processes and machines. Readers
/// of the table do not look there. No promise rests on them: who reads an old one compacts once more or later, which is always safe.
/// </summary>
public sealed class CompactionControl(IObjectStore store)
{
    private static readonly ObjectPath Folder = new(".hoodie/.compaction");
    private static readonly ObjectPath OrdersPath = Folder / "orders.json";
    private static readonly ObjectPath StatusPath = Folder / "status.json";
    private static readonly JsonSerializerOptions Form = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>What is wanted.</summary>
    public async Task<CompactionOrders> ReadOrdersAsync(CancellationToken cancellation) =>
        await ReadAsync<CompactionOrders>(OrdersPath, cancellation) ?? CompactionOrders.None;

    /// <summary>Wants something else.</summary>
    public Task OrderAsync(CompactionOrders orders, CancellationToken cancellation) => WriteAsync(OrdersPath, orders, cancellation);

    /// <summary>How it is going; null when nobody has ever compacted the table on a schedule.</summary>
    public Task<CompactionStatus?> ReadStatusAsync(CancellationToken cancellation) => ReadAsync<CompactionStatus>(StatusPath, cancellation);

    internal Task SayAsync(CompactionStatus status, CancellationToken cancellation) => WriteAsync(StatusPath, status, cancellation);

    private Task WriteAsync<T>(ObjectPath path, T value, CancellationToken cancellation) =>
        store.PutAsync(path, JsonSerializer.SerializeToUtf8Bytes(value, Form), cancellation);

    private async Task<T?> ReadAsync<T>(ObjectPath path, CancellationToken cancellation)
        where T : class
    {
        byte[]? content = await store.GetAsync(path, cancellation);
        try
        {
            return content is null ? null : JsonSerializer.Deserialize<T>(content, Form);
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"'{path}' in {store.Root} cannot be read: {wrong.Message} Delete it; it holds orders and status only.", wrong);
        }
    }
}
