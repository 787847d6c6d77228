using System.Diagnostics;

namespace Lakehouse.Testing;

/// <summary>The readers of Parquet files that come from npm: DuckDB, arrow-rs as parquet-wasm, Polars and hyparquet. They are run by scripts.</summary>
public sealed class NpmReaders : ForeignReader
{
    private const string CacheName = "npm-readers-1";

    private static readonly string[] Packages =
    [
        "@duckdb/node-api@1.5.6-r.1", "parquet-wasm@0.8.0", "apache-arrow@21.2.0", "nodejs-polars@0.26.1", "nodejs-polars-linux-x64-gnu@0.26.1",
        "hyparquet@1.31.5", "hyparquet-compressors@1.1.2",
    ];

    private static int _placed;

    internal NpmReaders()
        : base("The readers of npm")
    {
    }

    /// <summary>Runs a script, which may import any of the packages, and gives what it prints.</summary>
    public async Task<string> RunAsync(string script, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        await RequireAsync();

        // Node looks for packages from the script's place on, not from its folder of work. Several tests may run one script at a time.
        string name = $"{Environment.ProcessId}-{Interlocked.Increment(ref _placed)}-{Path.GetFileName(script)}";
        string placed = Path.Combine(ReaderCache.Folder(CacheName), name);
        File.Copy(script, placed, overwrite: true);
        try
        {
            return (await ForeignProcess.RunAsync(new ProcessStartInfo("node", [placed, .. arguments]), cancellation)).OutputOf();
        }
        finally
        {
            File.Delete(placed);
        }
    }

    private protected override async Task<string?> SetUpAsync()
    {
        if (!ForeignProcess.Exists("npm") || !ForeignProcess.Exists("node"))
        {
            return "there is no npm and node";
        }

        return await ReaderCache.SetUpAsync(CacheName, async folder =>
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{ "private": true }""");
            var install = new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", "--silent", .. Packages]) { WorkingDirectory = folder };
            ForeignResult result = await ForeignProcess.RunAsync(install, CancellationToken.None);
            return result.ExitCode == 0 ? null : $"npm install {string.Join(' ', Packages)} failed: {result.Errors}{result.Output}";
        });
    }
}
