#pragma warning disable CA5351 // The corpus has MD5 sums; nothing is kept safe by them.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Parquet;

/// <summary>
/// What foreign readers found in the files of the corpora: number of rows, and the MD5 of the values of each column, which is that of the
/// lines of <see cref="CanonicalText"/>.
/// </summary>
internal static class Goldens
{
    /// <summary>The files that a golden file names, with what its reader found; those that it could not read are left out.</summary>
    internal static IReadOnlyDictionary<string, FileGolden> Load(string reader)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(
            Path.Combine(Surroundings.RepositoryRoot, "tests", "Lakehouse.Tests", "Parquet", "Corpus", $"goldens_{reader}.json")));
        return json.RootElement.GetProperty("files").EnumerateObject()
            .Where(static f => f.Value.TryGetProperty("columns", out _))
            .ToDictionary(
                static f => f.Name,
                static f => new FileGolden(
                    f.Value.GetProperty("rows").GetInt64(),
                    f.Value.GetProperty("columns").EnumerateObject().ToDictionary(static c => c.Name, static c => c.Value.GetString()!)));
    }

    /// <summary>What the makers of the corpus <c>page-merged</c> put into its files.</summary>
    internal static IReadOnlyDictionary<string, FileGolden> LoadPageMerged(string expectedJson)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(expectedJson));
        return json.RootElement.EnumerateObject().ToDictionary(
            static f => $"page-merged/{f.Name}.parquet",
            static f => new FileGolden(
                f.Value.GetProperty("rows").GetInt64(),
                f.Value.GetProperty("md5").EnumerateObject().ToDictionary(static c => c.Name, static c => c.Value.GetString()!)));
    }

    /// <summary>The same of our own reader. Checksums are not looked at: foreign readers do not either.</summary>
    internal static async Task<FileGolden> ReadAsync(string folder, string file, CancellationToken cancellation)
    {
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(
            new LocalObjectStore(folder), new ObjectPath(file), new ParquetReadOptions { VerifyChecksums = false }, cancellation);
        var texts = reader.Schema.Fields.Select(static _ => new List<string>()).ToArray();
        long rows = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(null, cancellation))
        {
            using (batch)
            {
                rows += batch.RowCount;
                for (int c = 0; c < texts.Length; c++)
                {
                    texts[c].AddRange(Enumerable.Range(0, batch.RowCount).Select(r => CanonicalText.Of(batch.Columns[c], r)));
                }
            }
        }

        return new FileGolden(rows, reader.Schema.Fields.Zip(texts).ToDictionary(static p => p.First.Name, static p => Hash(p.Second)));
    }

    private static string Hash(IEnumerable<string> texts) =>
        Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(string.Concat(texts.Select(static t => t + '\n')))));
}

/// <summary>Rows of a file, and a hash by column.</summary>
internal sealed record FileGolden(long Rows, IReadOnlyDictionary<string, string> Columns);
