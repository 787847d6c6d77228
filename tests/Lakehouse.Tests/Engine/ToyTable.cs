using System.Text;
using Lakehouse.Engine;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Engine;

/// <summary>A committer over <c>table/n</c>, n = 1, 2 ...; <see cref="ChecksRanges"/> is its fence.</summary>
internal sealed class ToyTable(IObjectStore store) : ICommitter
{
    /// <summary>Off in the deliberately broken one.</summary>
    internal bool ChecksRanges { get; init; } = true;

    internal static async Task<List<ToyEntry>> ReadAllAsync(IObjectStore store)
    {
        var entries = new List<ToyEntry>();
        while (await store.GetAsync(Key(entries.Count + 1), CancellationToken.None) is { } content)
        {
            entries.Add(ToyEntry.Parse(content));
        }

        return entries;
    }

    public async Task<CommittedState> ReadCommittedAsync(CancellationToken cancellation)
    {
        List<ToyEntry> entries = await ReadAllAsync(store);
        return entries.Count == 0
            ? CommittedState.Nothing
            : new CommittedState(new CheckpointId(entries[^1].Checkpoint), entries[^1].Path, Encoding.UTF8.GetBytes(string.Join(
                ' ', Ledger(entries).Select(static end => new ToyRange(end.Key, end.Value, end.Value)))));
    }

    public async Task<bool> StillFitsAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
    {
        ToyEntry entry = EntryOf(checkpoint);
        return Fits(await ReadAllAsync(store), entry);
    }

    public async Task<CommitOutcome> CommitAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
    {
        ToyEntry entry = EntryOf(checkpoint);
        while (true)
        {
            List<ToyEntry> entries = await ReadAllAsync(store);
            if (entries.Exists(committed => committed.Path == entry.Path) && ChecksRanges)
            {
                return CommitOutcome.Committed;
            }

            if (!Fits(entries, entry))
            {
                return CommitOutcome.Conflicted;
            }

            if (entries.Count > 0 && entry.Ranges.All(static range => range.Start == range.End))
            {
                return CommitOutcome.NothingToCommit;
            }

            // An unknown outcome throws: the job recovers and reads what became of it.
            if (await store.PutIfAbsentAsync(Key(entries.Count + 1), entry.ToBytes(), cancellation) == PutResult.Created)
            {
                return CommitOutcome.Committed;
            }
        }
    }

    private static ObjectPath Key(int number) => new(FormattableString.Invariant($"table/{number}"));

    private static SortedDictionary<int, int> Ledger(List<ToyEntry> entries)
    {
        var ledger = new SortedDictionary<int, int>();
        foreach (ToyRange range in entries.SelectMany(static entry => entry.Ranges))
        {
            ledger[range.Split] = range.End;
        }

        return ledger;
    }

    private static ToyEntry EntryOf(CompletedCheckpoint checkpoint) => new(
        checkpoint.Id.Value,
        checkpoint.Path,
        [
            .. checkpoint.Subtasks.SelectMany(static subtask => Encoding.UTF8.GetString(subtask.Source)
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(ToyRange.Parse),
        ],
        [.. checkpoint.Subtasks.Where(static subtask => subtask.Committable.Length > 0)
            .Select(static subtask => Encoding.UTF8.GetString(subtask.Committable))]);

    private bool Fits(List<ToyEntry> entries, ToyEntry entry)
    {
        SortedDictionary<int, int> ledger = Ledger(entries);
        return !ChecksRanges || entry.Ranges.All(range => ledger.GetValueOrDefault(range.Split) == range.Start);
    }
}
