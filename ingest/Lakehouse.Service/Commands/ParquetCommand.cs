using System.CommandLine;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Service;

/// <summary><c>parquet schema|head|meta|check FILE</c>: what lies in one file, whoever wrote it.</summary>
internal static class ParquetCommand
{
    private const int BoundWidthMax = 24;

    /// <summary>The command with its sub-commands.</summary>
    internal static Command Create() => new("parquet", "Looks into one Parquet file.")
    {
        ParquetSchemaCommand.Create(),
        ParquetHeadCommand.Create(),
        CreateMeta(),
        ParquetCheckCommand.Create(),
    };

    /// <summary>The argument that names the file.</summary>
    internal static Argument<string> File() => new("FILE") { Description = "The file: a path, or s3://bucket/key." };

    /// <summary>Opens the file. Throws <see cref="CommandFailedException"/> when there is none.</summary>
    internal static async Task<(ParquetFileReader Reader, IObjectStore Store, ObjectPath Path)> OpenAsync(
        string file, CancellationToken cancellation)
    {
        (IObjectStore store, ObjectPath path) = await LocateAsync(file, cancellation);
        return (await ParquetFileReader.OpenAsync(store, path, cancellation), store, path);
    }

    /// <summary>Where a file is. Throws <see cref="CommandFailedException"/> when there is none.</summary>
    internal static async Task<(IObjectStore Store, ObjectPath Path)> LocateAsync(string file, CancellationToken cancellation)
    {
        string full = file.Contains("://", StringComparison.Ordinal) ? file : Path.GetFullPath(file);
        int slash = full.LastIndexOf('/');
        IObjectStore store = Tables.OpenStore(slash == 0 ? "/" : full[..slash]);
        var path = new ObjectPath(full[(slash + 1)..]);
        if (await store.StatAsync(path, cancellation) is null)
        {
            throw new CommandFailedException(ExitCode.NotFound, $"There is no file '{file}'.");
        }

        return (store, path);
    }

    private static Command CreateMeta()
    {
        Argument<string> file = File();
        var pages = new Option<bool>("--pages") { Description = "List every page." };
        return new Command("meta", "Shows row groups, column chunks, pages, encodings, sizes and statistics.") { file, pages }
            .Does((parsed, terminal, cancellation) =>
                RunAsync(parsed.GetRequiredValue(file), parsed.GetValue(pages), terminal, cancellation));
    }

    private static async Task<int> RunAsync(string file, bool withPages, Terminal terminal, CancellationToken cancellation)
    {
        (ParquetFileReader reader, IObjectStore store, ObjectPath path) = await OpenAsync(file, cancellation);
        var chunks = new List<ChunkFacts>();
        for (int group = 0; group < reader.MetaData.RowGroups.Length; group++)
        {
            foreach (ColumnChunk chunk in reader.MetaData.RowGroups[group].Columns)
            {
                IReadOnlyList<PageFacts> pages = await PageListing.ReadAsync(store, path, chunk.MetaData, cancellation);
                chunks.Add(ChunkFacts.Of(group, chunk, reader.MetaData, pages));
            }
        }

        terminal.Json(AsJson(file, reader.ByteCount, reader.MetaData, chunks));
        if (!terminal.IsJson)
        {
            Show(file, reader.ByteCount, reader.MetaData, chunks, withPages, terminal);
        }

        return ExitCode.Success;
    }

    private static object AsJson(string file, long bytes, FileMetaData meta, List<ChunkFacts> chunks) => new
    {
        File = file,
        ByteCount = bytes,
        meta.NumRows,
        meta.CreatedBy,
        KeyValueMetadata = meta.KeyValueMetadata.ToDictionary(p => p.Key, p => p.Value),
        RowGroups = meta.RowGroups.Select((group, i) => new
        {
            group.NumRows,
            group.TotalByteSize,
            group.TotalCompressedSize,
            Columns = chunks.Where(c => c.RowGroup == i),
        }),
    };

    private static void Show(
        string file, long bytes, FileMetaData meta, List<ChunkFacts> chunks, bool withPages, Terminal terminal)
    {
        terminal.Heading(file);
        terminal.Line($"{Sizes.Count(meta.NumRows)} rows, {Sizes.Count(meta.RowGroups.Length)} row groups, {Sizes.Bytes(bytes)}, "
            + $"written by {meta.CreatedBy ?? "an unnamed program"}");
        foreach (KeyValue pair in meta.KeyValueMetadata)
        {
            terminal.Line($"  {pair.Key} = {pair.Value}");
        }

        for (int group = 0; group < meta.RowGroups.Length; group++)
        {
            terminal.Line();
            RowGroup of = meta.RowGroups[group];
            long compressed = of.TotalCompressedSize ?? chunks.Where(c => c.RowGroup == group).Sum(c => c.CompressedByteCount);
            terminal.Heading($"Row group {group}: {Sizes.Count(of.NumRows)} rows, {Sizes.Bytes(compressed)} compressed, "
                + $"{Sizes.Bytes(of.TotalByteSize)} not compressed");
            var columns = new TextTable(
                "Column", "Type", "Encodings", "Codec", ">Values", ">Nulls", ">Pages", ">Compressed", ">Uncompressed", "Min", "Max");
            foreach (ChunkFacts chunk in chunks.Where(c => c.RowGroup == group))
            {
                columns.Add(chunk.Column, chunk.Type, string.Join(", ", chunk.Encodings), chunk.Codec, Sizes.Count(chunk.ValueCount),
                    chunk.NullCount is { } nulls ? Sizes.Count(nulls) : "?", Sizes.Count(chunk.Pages.Count),
                    Sizes.Bytes(chunk.CompressedByteCount), Sizes.Bytes(chunk.UncompressedByteCount), Short(chunk.Min), Short(chunk.Max));
            }

            terminal.Table(columns);
            if (withPages)
            {
                ShowPages(chunks.Where(c => c.RowGroup == group), terminal);
            }
        }

        if (!withPages)
        {
            terminal.Line("--pages lists every page.");
        }
    }

    private static void ShowPages(IEnumerable<ChunkFacts> chunks, Terminal terminal)
    {
        var pages = new TextTable("Column", "Page", ">Offset", "Encoding", ">Values", ">Compressed", ">Uncompressed", "CRC");
        foreach (ChunkFacts chunk in chunks)
        {
            foreach (ChunkPage page in chunk.Pages)
            {
                pages.Add(
                    chunk.Column, page.Kind, FormattableString.Invariant($"{page.Offset}"), page.Encoding, Sizes.Count(page.ValueCount),
                    Sizes.Bytes(page.CompressedByteCount), Sizes.Bytes(page.UncompressedByteCount), page.Crc ?? "none");
            }
        }

        terminal.Table(pages);
    }

    private static string Short(object? bound) =>
        bound is null ? "" : Cells.Text(bound) is var text && text.Length > BoundWidthMax ? text[..(BoundWidthMax - 1)] + "…" : text;
}
