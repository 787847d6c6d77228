using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>What foreign readers find in a folder of Parquet files, held against what is known of their values.</summary>
internal sealed class ForeignValues(string folder, ITestOutputHelper output, CancellationToken stop)
{
    /// <summary>All columns of all files are read by five readers.</summary>
    internal async Task CompareAsync(IReadOnlyList<KnownFile> files)
    {
        (string Name, Func<Task<string>> Run)[] readers =
        [
            ("arrow-rs", () => Npm("goldens_arrow_rs.mjs", folder)),
            ("Polars", () => Npm("goldens_arrow_rs.mjs", folder, "polars")),
            ("DuckDB", () => Npm("goldens_duckdb.mjs", folder)),
            ("hyparquet", () => Npm("goldens_hyparquet.mjs", folder)),
            ("pyarrow", () => ForeignReaders.HudiRust.RunAsync(Script("goldens_pyarrow.py"), [folder], stop)),
        ];
        var wrong = new List<string>();
        foreach ((string reader, Func<Task<string>> run) in readers)
        {
            using JsonDocument found = JsonDocument.Parse(await run());
            int columns = 0;
            foreach (KnownFile file in files)
            {
                JsonElement golden = found.RootElement.GetProperty("files").GetProperty($"{Path.GetFileName(folder)}/{file.Name}");
                if (golden.TryGetProperty("failure", out JsonElement failure))
                {
                    wrong.Add($"{reader}: {file}: {failure}");
                    continue;
                }

                foreach (JsonProperty column in golden.GetProperty("columns").EnumerateObject())
                {
                    Field field = file.Schema[file.Schema.IndexOf(column.Name)];

                    // < DuckDB's instants end at microseconds.
                    if (reader == "DuckDB" && $"{field.Type}".Contains("timestamp_nanos", StringComparison.Ordinal))
                    {
                        continue;
                    }

                    columns++;
                    if (!file.Hashes[column.Name].Contains(column.Value.GetString()))
                    {
                        wrong.Add($"{reader}: {file}: column {column.Name} of {field}");
                    }
                }
            }

            output.WriteLine($"{reader}: {columns} columns of {files.Count} files");
            Assert.True(columns > files.Count, $"{reader} gave {columns} columns only");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Rows are counted by filters, which the readers may answer by what the files say of themselves.</summary>
    internal async Task CountAsync(IReadOnlyList<KnownCount> filters)
    {
        string requests = Path.Combine(folder, "filters.json");
        await File.WriteAllTextAsync(requests, JsonSerializer.Serialize(filters.Select(static f => f.Request)), stop);
        (string Name, Func<Task<string>> Run)[] readers =
        [
            ("Polars", () => Npm("filters.mjs", "polars", requests)),
            ("DuckDB", () => Npm("filters.mjs", "duckdb", requests)),
            ("hyparquet", () => Npm("filters.mjs", "hyparquet", requests)),
            ("pyarrow", () => ForeignReaders.HudiRust.RunAsync(Script("filters_pyarrow.py"), [requests], stop)),
        ];
        foreach ((string reader, Func<Task<string>> run) in readers)
        {
            long[] counts = JsonSerializer.Deserialize<long[]>(await run())!;
            string[] wrong = [.. filters.Zip(counts).Where(static p => p.First.RowCount != p.Second).Select(static p => $"{p.First}: {p.Second} rows")];
            Assert.True(wrong.Length == 0, $"{reader}:\n{string.Join('\n', wrong.Take(20))}");
            output.WriteLine($"{reader}: {counts.Length} filters");
        }
    }

    /// <summary>The sum that the scripts make of the texts of a column's values.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "The sum that the scripts make; it protects nothing.")]
    internal static string Hash(IEnumerable<string> texts) =>
        Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(string.Concat(texts.Select(static t => t + "\n")))));

    private Task<string> Npm(string script, params string[] arguments) => ForeignReaders.Npm.RunAsync(Script(script), arguments, stop);

    private static string Script(string name) =>
        Path.Combine(Surroundings.RepositoryRoot, "tests", "Lakehouse.Tests", "Parquet", "Corpus", name);
}

/// <summary>A file whose values are known.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="About">How to make it again.</param>
/// <param name="Schema">Its columns.</param>
/// <param name="Hashes">By column, the sums that readers may find: maps are lists of pairs for some.</param>
internal sealed record KnownFile(string Name, string About, Schema Schema, IReadOnlyDictionary<string, string[]> Hashes)
{
    public override string ToString() => About;
}

/// <summary>How many rows a filter gives.</summary>
internal sealed record KnownCount(FilterRequest Request, int RowCount);

/// <summary>An equality, in the scripts' words.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "IDE1006", Justification = "The scripts' names.")]
internal sealed record FilterRequest(string file, string column, string type, string value, int width);
