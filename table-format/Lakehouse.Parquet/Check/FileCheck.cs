using System.Collections.Immutable;
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
/// statistics, page indexes, histograms, bloom filters. Readers skip by these numbers, so a wrong one hides rows without an error.
/// </summary>
public static class FileCheck
{
    /// <summary>How many findings are kept.</summary>
    public const int FindingsMax = 1000;

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

        var notes = new CheckNotes();
        byte[] magic = new byte[4];
        await store.ReadAsync(path, 0, magic, cancellation);
        if (!magic.AsSpan().SequenceEqual(FooterFormat.Magic))
        {
            notes.Say(FileFindingKind.StartMagic, null, null, 0, "The file does not begin with PAR1.");
        }

        FooterCheck.Run(reader, notes);
        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            if (reader.MetaData.RowGroups[g].Columns.Length == reader.Leaves.Length)
            {
                foreach (Leaf leaf in reader.Leaves)
                {
                    await new ChunkCheck(reader, store, path, g, leaf, notes).RunAsync(cancellation);
                }
            }
        }

        return notes.Report();
    }
}
