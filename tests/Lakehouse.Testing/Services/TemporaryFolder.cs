namespace Lakehouse.Testing;

/// <summary>A folder of its own for one test, gone when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("lakehouse-test-").FullName;

    /// <summary>A path below the folder.</summary>
    public string this[string below] => System.IO.Path.Combine(Path, below);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
