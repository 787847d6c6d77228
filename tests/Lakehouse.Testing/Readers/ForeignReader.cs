using Xunit;

namespace Lakehouse.Testing;

/// <summary>A reader of Hudi tables or Parquet files that is not ours. Thread safe.</summary>
public abstract class ForeignReader
{
    private readonly Lazy<Task<string?>> _missing;

    private protected ForeignReader(string name)
    {
        Name = name;
        _missing = new Lazy<Task<string?>>(async () => await SetUpAsync() is { } reason ? $"{name} is not here: {reason}" : null);
    }

    /// <summary>What people call it.</summary>
    public string Name { get; }

    /// <summary>Null when the reader works here, setting it up first if need be; else the reason why it does not.</summary>
    public Task<string?> MissingAsync() => _missing.Value;

    /// <summary>Skips the running test, and says why, when the reader does not work here.</summary>
    public async Task RequireAsync()
    {
        string? missing = await MissingAsync();
        Assert.SkipWhen(missing is not null, missing ?? "");
    }

    private protected abstract Task<string?> SetUpAsync();
}
