using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Service;

/// <summary>Opens the tables that command lines name.</summary>
internal static class Tables
{
    /// <summary>Opens a table. Throws with what to check when there is none.</summary>
    internal static Task<HudiTable> OpenAsync(string location, CancellationToken cancellation) =>
        OpenAsync(location, S3Settings.Default, cancellation);

    /// <summary>Opens a table whose store the settings name. Throws with what to check when there is none.</summary>
    internal static async Task<HudiTable> OpenAsync(string location, S3Settings s3, CancellationToken cancellation) =>
        await TryOpenAsync(location, s3, cancellation)
        ?? throw new CommandFailedException(ExitCode.NotFound,
            $"There is no Hudi table at '{location}': no .hoodie/hoodie.properties lies there. Check the path.");

    /// <summary>Opens a table, or gives null when there is none.</summary>
    internal static Task<HudiTable?> TryOpenAsync(string location, CancellationToken cancellation) =>
        TryOpenAsync(location, S3Settings.Default, cancellation);

    /// <summary>The services of a table, and of those that follow it.</summary>
    internal static async Task<(HudiTable Table, TableUpkeep Upkeep)> OpenForUpkeepAsync(string location, CancellationToken cancellation)
    {
        HudiTable table = await OpenAsync(location, cancellation);
        var options = new CommitterOptions { OpenFollower = OpenAsync };
        return (table, new TableUpkeep(table, options, ProcessFacts.Time, ProcessFacts.NewRandom()));
    }

    /// <summary>The store that a location names; S3 as the environment says.</summary>
    internal static IObjectStore OpenStore(string location) => OpenStore(location, S3Settings.Default);

    /// <summary>The store that a location names; S3 as the settings say, and the environment where they say nothing.</summary>
    internal static IObjectStore OpenStore(string location, S3Settings s3)
    {
        try
        {
            S3Settings settings = s3.Or(S3Settings.FromEnvironment(Environment.GetEnvironmentVariable));
            return ObjectStores.Open(location, settings, ProcessFacts.Time, ProcessFacts.NewRandom());
        }
        catch (ArgumentException e)
        {
            throw new CommandFailedException(ExitCode.Usage, e.Message.Split(" (Parameter", 2)[0], e);
        }
    }

    private static Task<HudiTable?> TryOpenAsync(string location, S3Settings s3, CancellationToken cancellation) =>
        HudiTable.OpenAsync(OpenStore(location, s3), ProcessFacts.Time, ProcessFacts.NewRandom(), cancellation);
}
