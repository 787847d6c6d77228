using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// Makes one file of several as a plan says: <c>"PAR1" | row groups | column indexes | offset indexes | bloom filters | footer</c>. Inputs are
/// read row group by row group of the output, the next one while this one is written; output is written as it comes. What the inputs'
/// footers say is checked against their pages.
/// </summary>
public static class ParquetMerger
{
    /// <summary>Bytes of parts that are gathered before they are written.</summary>
    private const int WriteBytes = 1 << 20;

    /// <summary>
    /// Merges; the caller completes the upload, which must be new. Throws <see cref="ParquetFormatException"/>, with file, row group, column and
    /// offset, when an input is damaged in a way that shows.
    /// </summary>
    public static async Task<ParquetFileSummary> MergeAsync(
        MergePlan plan, IReadOnlyList<MergeSource> sources, MergeOptions options, IObjectUpload upload, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(upload);
        Invariant.Holds(upload.Length == 0, "a file begins where its upload begins");
        var groups = new List<FooterRowGroup>();
        var layouts = new List<ChunkLayout[]>();
        using var gathered = new PooledBuffer(WriteBytes);
        gathered.Append(FooterFormat.Magic);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<RowGroupInputs?> ahead = LoadAsync(plan, 0, sources, options, stop.Token);
        try
        {
            for (int g = 0; g < plan.RowGroups.Length; g++)
            {
                using RowGroupInputs? inputs = await ahead;
                ahead = LoadAsync(plan, g + 1, sources, options, stop.Token);
                var chunks = new List<ChunkFacts>();
                ChunkLayout[] layout = plan.RowGroups[g].IsStitched
                    ? await StitchAsync(plan, g, sources, options, chunks, gathered, upload, cancellation)
                    : await WriteAsync(new RowGroupMerge(plan.RowGroups[g], plan.Shape, sources, options, inputs), chunks, gathered, upload, cancellation);
                groups.Add(new FooterRowGroup(plan.RowGroups[g].RowCount, chunks, MergedSorting.Of(plan.RowGroups[g], plan.Shape, sources)));
                layouts.Add(layout);
            }

            return await CompleteAsync(plan, sources, options, groups, layouts, gathered, upload, cancellation);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(ahead);
            _ = ahead.Exception;
            if (ahead.IsCompletedSuccessfully)
            {
                (await ahead)?.Dispose();
            }

            foreach (ChunkFacts chunk in groups.SelectMany(static g => g.Chunks))
            {
                chunk.Bounds.Dispose();
            }
        }
    }

    /// <summary>The inputs of a row group of the output; null when there is no such one, or they are too large to be held at once.</summary>
    private static async Task<RowGroupInputs?> LoadAsync(
        MergePlan plan, int group, IReadOnlyList<MergeSource> sources, MergeOptions options, CancellationToken cancellation)
    {
        // < Two row groups are held at a time.
        int columns = plan.Shape.Columns.Length;
        return group < plan.RowGroups.Length && !plan.RowGroups[group].IsStitched
            && RowGroupInputs.ByteCount(plan.RowGroups[group], plan.Shape, sources, 0, columns) <= options.MemoryBytes / 2
            ? await RowGroupInputs.LoadAsync(plan.RowGroups[group], plan.Shape, sources, 0, columns, cancellation)
            : null;
    }

    /// <summary>Neighbours among the chunks that are taken whole go over as one range.</summary>
    private static async Task<ChunkLayout[]> StitchAsync(
        MergePlan plan,
        int group,
        IReadOnlyList<MergeSource> sources,
        MergeOptions options,
        List<ChunkFacts> chunks,
        PooledBuffer gathered,
        IObjectUpload upload,
        CancellationToken cancellation)
    {
        MergeSource source = sources[plan.RowGroups[group].Inputs[0].Source];
        var layout = new List<ChunkLayout>();
        long from = 0;
        long length = 0;
        chunks.AddRange(await RowGroupStitch.RunAsync(plan.RowGroups[group], plan.Shape, sources, options, cancellation));
        foreach (ChunkFacts chunk in chunks)
        {
            if (length > 0 && !(chunk is StitchedChunk next && next.SourceOffset == from + length))
            {
                await MoveAsync();
            }

            layout.Add(new ChunkLayout { Offset = upload.Length + gathered.Length + length });
            if (chunk is StitchedChunk stitched)
            {
                from = length == 0 ? stitched.SourceOffset : from;
                length += chunk.ByteCount;
            }
            else if (chunk is EncodedChunk made)
            {
                await WriteAsync(made, gathered, upload, cancellation);
            }
        }

        await MoveAsync();
        return [.. layout];

        async Task MoveAsync()
        {
            await upload.WriteAsync(gathered.WrittenMemory, cancellation);
            gathered.Clear();
            await (options.MovesInStore
                ? upload.AppendFromAsync(source.Store, source.Path, from, length, cancellation)
                : RangeAppending.ReadAndWriteAsync(upload, source.Store, source.Path, from, length, cancellation));
            length = 0;
        }
    }

    private static async Task WriteAsync(EncodedChunk chunk, PooledBuffer gathered, IObjectUpload upload, CancellationToken cancellation)
    {
        await WriteAsync(chunk.DictionaryPage?.WrittenMemory ?? default, gathered, upload, cancellation);
        foreach (ReadOnlyMemory<byte> piece in chunk.Pages.Pieces)
        {
            await WriteAsync(piece, gathered, upload, cancellation);
        }

        chunk.ReleasePages();
    }

    private static async Task<ChunkLayout[]> WriteAsync(
        RowGroupMerge merge, List<ChunkFacts> chunks, PooledBuffer gathered, IObjectUpload upload, CancellationToken cancellation)
    {
        var layout = new List<ChunkLayout>();
        for (int column = 0; column < merge.ColumnCount; column++)
        {
            using RowGroupInputs? own = await merge.LoadAsync(column, cancellation);
            var kept = new List<EncodedChunk>();
            foreach (ChunkFacts chunk in await merge.RunAsync(column, own, kept, cancellation))
            {
                layout.Add(new ChunkLayout { Offset = upload.Length + gathered.Length });
                chunks.Add(chunk);
                if (chunk is JoinedChunk joined)
                {
                    await WriteAsync(joined.DictionaryPage, gathered, upload, cancellation);
                    foreach (ReadOnlyMemory<byte> bytes in joined.Pages)
                    {
                        await WriteAsync(bytes, gathered, upload, cancellation);
                    }

                    joined.ReleasePages();
                }
                else if (chunk is EncodedChunk encoded)
                {
                    await WriteAsync(encoded, gathered, upload, cancellation);
                }

                Invariant.Holds(
                    upload.Length + gathered.Length == layout[^1].Offset + chunk.ByteCount, "a chunk is as long as its pages say");
                Invariant.Holds(
                    chunk.SplitsRows || chunk.PageIndex.Sum(static p => (long)p.RowCount) == merge.RowCount, "the pages of a chunk have its rows");
            }

            kept.ForEach(static chunk => chunk.Dispose());
        }

        return [.. layout];
    }

    private static async Task WriteAsync(ReadOnlyMemory<byte> bytes, PooledBuffer gathered, IObjectUpload upload, CancellationToken cancellation)
    {
        if (gathered.Length + bytes.Length <= WriteBytes)
        {
            gathered.Append(bytes.Span);
            return;
        }

        await upload.WriteAsync(gathered.WrittenMemory, cancellation);
        gathered.Clear();
        if (bytes.Length > WriteBytes / 4)
        {
            await upload.WriteAsync(bytes, cancellation);
        }
        else
        {
            gathered.Append(bytes.Span);
        }
    }

    private static async Task<ParquetFileSummary> CompleteAsync(
        MergePlan plan,
        IReadOnlyList<MergeSource> sources,
        MergeOptions options,
        List<FooterRowGroup> groups,
        List<ChunkLayout[]> layouts,
        PooledBuffer gathered,
        IObjectUpload upload,
        CancellationToken cancellation)
    {
        await upload.WriteAsync(gathered.WrittenMemory, cancellation);
        gathered.Clear();
        var patches = new PatchRecorder(options.Constants.Where(static c => c.Value.Patchable).Select(static c => c.Key).ToHashSet(StringComparer.Ordinal));
        FileMetaData file = FooterAssembly.Begin(plan.Shape.Elements, MergedKeyValues.Of(sources, options.Writer.KeyValueMetadata));
        FooterAssembly.Append(gathered, file, groups, layouts, patches, upload.Length);
        await upload.WriteAsync(gathered.WrittenMemory, cancellation);
        ImmutableArray<PatchPoint> points = [.. patches.Points.OrderBy(static p => p.Offset)];
        return new ParquetFileSummary(groups.Sum(static g => g.RowCount), upload.Length, points);
    }
}
