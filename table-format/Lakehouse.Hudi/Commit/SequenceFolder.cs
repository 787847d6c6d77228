using System.Globalization;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>What one look at the sequence shows.</summary>
/// <param name="Newest">The outcome of the greatest decided number, or null.</param>
/// <param name="Pending">The claim after the newest outcome, or null when that number is free.</param>
/// <param name="Published">True when the newest outcome is aborted, its completed instant is on the timeline, or the next number is claimed.</param>
/// <param name="Waiting">Places in the <see cref="WaitingLine"/>, in order.</param>
internal sealed record SequenceView(Outcome? Newest, Claim? Pending, bool Published, IReadOnlyList<string> Waiting);

/// <summary>
/// The folder <c>.hoodie/.sequence/</c>: <c>k/n.claim</c> and <c>k/n.outcome</c>, both put if absent and never changed. n has 20 digits, so
/// listings are in order; k = n / 100 keeps the listing that finds the newest number short, however long the history is.
/// </summary>
internal static class SequenceFolder
{
    private const string ClaimExtension = ".claim";
    private const string OutcomeExtension = ".outcome";
    private const int NumbersPerFolder = 100;
    private const int Digits = 20;
    private const int LooksMax = 20;

    internal static ObjectPath Folder { get; } = new(".hoodie/.sequence");

    internal static ObjectPath ClaimPath(long number) => FolderOf(number) / (Text(number) + ClaimExtension);

    internal static ObjectPath OutcomePath(long number) => FolderOf(number) / (Text(number) + OutcomeExtension);

    internal static ObjectPath Staging(long number, string nonce) => HudiTable.TemporaryFolder / $"{Text(number)}-{nonce}";

    /// <summary>The number in the name of a staging folder of a claim; false for a checkpoint's folder.</summary>
    internal static bool TryParseStaging(string name, out long number)
    {
        number = 0;
        return name.Length == Digits + 1 + NonceText.Length && name[Digits] == '-' && NonceText.IsNonce(name.AsSpan(Digits + 1))
            && long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    internal static Task<SequenceView> LookAsync(IObjectStore store, CancellationToken cancellation) =>
        LookAsync(store, known: null, cancellation);

    /// <summary>The same for whoever has seen an outcome before: only what came after it is listed, and it is not read again.</summary>
    internal static async Task<SequenceView> LookAsync(IObjectStore store, Outcome? known, CancellationToken cancellation)
    {
        for (int looks = 0; looks < LooksMax; looks++)
        {
            (long newest, long highest, List<string> waiting) = await GreatestAsync(store, known?.Number ?? 0, cancellation);
            Outcome? outcome = newest == 0 ? null
                : newest == known?.Number ? known : await ReadOutcomeAsync(store, newest, cancellation);
            Claim? pending = highest > newest ? await ReadClaimAsync(store, newest + 1, cancellation) : null;
            if ((newest > 0 && outcome is null) || (highest > newest && pending is null))
            {
                // Pruned between the listing and the read: much has happened, look again.
                continue;
            }

            // < Who claims the next number has seen this one published. A released savepoint whose maker slept may be there again.
            bool published = outcome is not { IsCommitted: true }
                || pending is not null
                || (await store.StatAsync(outcome.Completed.Path, cancellation) is null) == outcome.IsPublishedByAbsence;
            return new SequenceView(outcome, pending, published, waiting);
        }

        throw new HudiException(store.Root, $"'{Folder}' changes faster than it can be read.");
    }

    /// <summary>Whether any number above <paramref name="number"/> has a claim or an outcome.</summary>
    internal static async Task<bool> HasHigherAsync(IObjectStore store, long number, CancellationToken cancellation) =>
        (await AfterAsync(store, OutcomePath(number), cancellation)).Highest > number;

    internal static async Task<Outcome?> ReadOutcomeAsync(IObjectStore store, long number, CancellationToken cancellation)
    {
        ObjectPath path = OutcomePath(number);
        byte[]? json = await store.GetAsync(path, cancellation);
        return json is null ? null : Outcome.FromJson(json, $"'{path}' in {store.Root}");
    }

    internal static async Task<Claim?> ReadClaimAsync(IObjectStore store, long number, CancellationToken cancellation)
    {
        ObjectPath path = ClaimPath(number);
        byte[]? json = await store.GetAsync(path, cancellation);
        return json is null ? null : Claim.FromJson(json, $"'{path}' in {store.Root}");
    }

    /// <summary>The folders of numbers, in order.</summary>
    internal static async Task<List<ObjectPath>> FoldersAsync(IObjectStore store, CancellationToken cancellation)
    {
        List<ObjectPath> folders = [];
        await foreach (ObjectStat stat in store.ListAsync(Folder, recursive: false, cancellation))
        {
            if (stat.IsFolder && stat.Path.Name != WaitingLine.FolderName)
            {
                folders.Add(stat.Path);
            }
        }

        return folders;
    }

    /// <summary>The numbers in one folder that have a claim, and those that have an outcome, in order.</summary>
    internal static async Task<(List<long> Claims, List<long> Outcomes)> NumbersAsync(
        IObjectStore store, ObjectPath folder, CancellationToken cancellation)
    {
        List<long> claims = [];
        List<long> outcomes = [];
        await foreach (ObjectStat stat in store.ListAsync(folder, recursive: false, cancellation))
        {
            if (TryParse(stat.Path.Name, out long number, out bool isOutcome))
            {
                (isOutcome ? outcomes : claims).Add(number);
            }
        }

        return (claims, outcomes);
    }

    /// <summary>The greatest number with an outcome, and the greatest with either; 0 where there is none.</summary>
    /// <param name="store">The table's store.</param>
    /// <param name="known">A number that has an outcome, or 0: numbers before it need not be listed.</param>
    /// <param name="cancellation">Stops the listing.</param>
    private static async Task<(long Newest, long Highest, List<string> Waiting)> GreatestAsync(
        IObjectStore store, long known, CancellationToken cancellation)
    {
        if (known > 0 && await AfterAsync(store, ClaimPath(known), cancellation) is { Newest: > 0 } after)
        {
            return after;
        }

        List<ObjectPath> folders = await FoldersAsync(store, cancellation);
        long newest = 0;
        long highest = 0;
        for (int i = folders.Count - 1; i >= 0 && newest == 0; i--)
        {
            (List<long> claims, List<long> outcomes) = await NumbersAsync(store, folders[i], cancellation);
            newest = outcomes.Count == 0 ? 0 : outcomes[^1];
            highest = Math.Max(highest, Math.Max(newest, claims.Count == 0 ? 0 : claims[^1]));
        }

        // < Who has seen no outcome yet looks again before it can be passed, and sees the line then.
        return (newest, highest, []);
    }

    /// <summary>
    /// The greatest numbers among the files after a path, in all folders, and the places in line, which come after all numbers: one request
    /// where there are few.
    /// </summary>
    private static async Task<(long Newest, long Highest, List<string> Waiting)> AfterAsync(
        IObjectStore store, ObjectPath after, CancellationToken cancellation)
    {
        long newest = 0;
        long highest = 0;
        List<string> waiting = [];
        await foreach (ObjectStat stat in store.ListAsync(Folder, recursive: true, after, cancellation))
        {
            if (TryParse(stat.Path.Name, out long number, out bool isOutcome))
            {
                newest = isOutcome ? number : newest;
                highest = number;
            }
            else if (WaitingLine.IsPlace(stat.Path))
            {
                waiting.Add(stat.Path.Name);
            }
        }

        return (newest, highest, waiting);
    }

    /// <summary>The number of a claim or an outcome by its file's name.</summary>
    internal static bool TryParse(string name, out long number, out bool isOutcome)
    {
        number = 0;
        isOutcome = name.EndsWith(OutcomeExtension, StringComparison.Ordinal);
        string extension = isOutcome ? OutcomeExtension : ClaimExtension;
        return name.Length == Digits + extension.Length && name.EndsWith(extension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static ObjectPath FolderOf(long number) =>
        Folder / (number / NumbersPerFolder).ToString("D18", CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString("D20", CultureInfo.InvariantCulture);
}
