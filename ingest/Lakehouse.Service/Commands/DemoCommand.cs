using System.CommandLine;
using System.Globalization;

namespace Lakehouse.Service;

/// <summary><c>demo</c>: the main job without any set-up.</summary>
internal static class DemoCommand
{
    private const long RecordCountByDefault = 500_000;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var records = new Option<long>("--records")
        {
            Description = "Trips to produce.",
            DefaultValueFactory = _ => RecordCountByDefault,
        };
        records.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out long count) && count < 1)
            {
                result.AddError("--records must be at least 1.");
            }
        });
        var path = new Option<string?>("--path")
        {
            Description = "Folder for the tables, empty or not there; a new temporary one by default.",
        };
        return new Command("demo", "Runs the main job on an embedded broker: produce trips, ingest them, verify the table, look at it.")
        {
            records,
            path,
        }.Does(async (parsed, terminal, _) =>
        {
            string folder = Folder(parsed.GetValue(path));
            return await new Demo(parsed.GetValue(records), folder, terminal).RunAsync() ? ExitCode.Success : ExitCode.Failed;
        });
    }

    private static string Folder(string? path)
    {
        string name = "lakehouse-demo-" + ProcessFacts.Time.GetUtcNow().ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture);
        string folder = path is null ? Path.Combine(Path.GetTempPath(), name) : Path.GetFullPath(path);
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new CommandFailedException(ExitCode.Usage,
                $"'{folder}' is not empty. The demo's broker starts anew each time, so its table does too: name another folder.");
        }

        Directory.CreateDirectory(folder);
        return folder;
    }
}
