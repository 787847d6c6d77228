namespace Lakehouse.Testing;

/// <summary>Finds what stands beside the tests: the repository's root and the shared folder next to it.</summary>
public static class Surroundings
{
    /// <summary>The folder that holds Lakehouse.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>A file or folder of the shared folder beside the repository, or null when it is not there.</summary>
    public static string? Shared(params string[] below)
    {
        string path = Path.Combine([Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared")), .. below]);
        return Path.Exists(path) ? path : null;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Lakehouse.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No Lakehouse.sln above {AppContext.BaseDirectory}.");
    }
}
