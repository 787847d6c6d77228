using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>What walking a file found.</summary>
/// <param name="Findings">What is wrong, in the order of the file; at most <see cref="FileCheck.FindingsMax"/>.</param>
/// <param name="PageCount">Pages read, dictionaries included.</param>
/// <param name="ValueCount">Values decoded, nulls included.</param>
/// <param name="IndexCount">Page indexes and bloom filters held against them.</param>
public sealed record FileCheckReport(ImmutableArray<FileFinding> Findings, long PageCount, long ValueCount, long IndexCount);

/// <summary>
/// Reads all of a file and holds everything that it says of itself against it: footer and sizes, offsets, headers, checksums, encodings,
/// statistics, page indexes, histograms, bloom filters. Readers skip by these numbers, so a wrong one hides rows without an error. Whoever
/// wants the values too is given them while they are decoded. While chunks are decoded the next are fetched, at most 48 MiB of them and a page
/// together. Not thread safe.
/// </summary>
public sealed class FileCheck : IAsyncDisposable
{
    /// <summary>How many findings are kept.</summary>
    public const int FindingsMax = 1000;

    private const int FetchedAhead = 2;
    private readonly ParquetFileReader _reader;
    private readonly CheckNotes _notes = new();
    private readonly List<CheckedChunks> _begun = [];
    private readonly CancellationTokenSource _stop;
    private readonly IAsyncEnumerator<(CheckedChunks Chunks, Task<bool> Loading)> _ahead;
    private Task<bool> _next;

    private FileCheck(ParquetFileReader reader, CancellationToken cancellation)
    {
        _reader = reader;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _ahead = SideBySide.AheadAsync(CheckedChunks.Of(reader), FetchedAhead, LoadAsync, _stop.Token).GetAsyncEnumerator(CancellationToken.None);
        _next = _ahead.MoveNextAsync().AsTask();
    }

    /// <summary>Checks a file. Throws only when the store fails.</summary>
    public static async Task<FileCheckReport> RunAsync(IObjectStore store, ObjectPath path, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ParquetFileReader reader;
        try
        {
            reader = await ParquetFileReader.OpenAsync(store, path, cancellation);
        }
        catch (ParquetFormatException e)
        {
            ObjectStat? stat = await store.StatAsync(path, cancellation);
            long end = Math.Max(0, (stat?.Size ?? 0) - 8);
            return new FileCheckReport([new FileFinding(FileFindingKind.Unreadable, null, null, end, e.Message)], 0, 0, 0);
        }

        await using FileCheck check = await BeginAsync(reader, cancellation);
        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            await check.CheckRowGroupAsync(g, null, cancellation);
        }

        return check.Report();
    }

    /// <summary>Begins with what lies around the row groups, which have to be checked one by one, in their order.</summary>
    public static async Task<FileCheck> BeginAsync(ParquetFileReader reader, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reader);
        byte[] magic = new byte[4];
        Task reading = reader.Store.ReadAsync(reader.Path, 0, magic, cancellation);
        var check = new FileCheck(reader, cancellation);
        try
        {
            await reading;
        }
        catch
        {
            await check.DisposeAsync();
            throw;
        }

        if (!magic.AsSpan().SequenceEqual(FooterFormat.Magic))
        {
            check._notes.Say(FileFindingKind.StartMagic, null, null, 0, "The file does not begin with PAR1.");
        }

        FooterCheck.Run(reader, check._notes);
        return check;
    }

    /// <summary>Checks a row group, and hands over the values of its columns, save nested ones, unless they are damaged.</summary>
    /// <param name="group">Its position in the file.</param>
    /// <param name="take">Takes the values of each page, column by column; null when nobody wants them.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public async Task CheckRowGroupAsync(int group, PageValuesTaker? take, CancellationToken cancellation)
    {
        var columns = Enumerable.Range(0, _reader.Schema.Count).Where(c => _reader.ChunkOf(c) >= 0).ToDictionary(_reader.ChunkOf);
        while (await _next && _ahead.Current.Chunks.Group == group)
        {
            (CheckedChunks chunks, Task<bool> loading) = _ahead.Current;
            await loading;
            foreach ((Leaf leaf, LeafReader? values, ParquetFormatException? fault) in chunks.Chunks)
            {
                Action<long, ColumnVector>? takeLeaf = take is not null && columns.TryGetValue(leaf.Ordinal, out int column)
                    ? (row, vector) => take(column, row, vector)
                    : null;
                await new ChunkCheck(_reader, group, leaf, _notes, takeLeaf).RunAsync(values, fault, chunks.Indexes, cancellation);
            }

            _begun.Remove(chunks);
            await chunks.DisposeAsync();
            _next = _ahead.MoveNextAsync().AsTask();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_next);
        await _ahead.DisposeAsync();
        foreach (CheckedChunks chunks in _begun)
        {
            await chunks.DisposeAsync();
        }

        _stop.Dispose();
    }

    /// <summary>What was found so far.</summary>
    public FileCheckReport Report() => _notes.Report();

    private async Task<bool> LoadAsync(CheckedChunks chunks, CancellationToken cancellation)
    {
        _begun.Add(chunks);
        await chunks.LoadAsync(cancellation);
        return true;
    }
}

/// <summary>Takes the values of a page, one for each row, nulls included; they are valid during the call.</summary>
/// <param name="column">The column's position in the schema.</param>
/// <param name="firstRow">The row of the row group that the first value belongs to; the pages of a column follow each other.</param>
/// <param name="values">The values.</param>
public delegate void PageValuesTaker(int column, long firstRow, ColumnVector values);
