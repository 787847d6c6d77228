using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Storage;

/// <summary>One real S3 store for all tests of the collection.</summary>
[CollectionDefinition(nameof(RealS3))]
public sealed class RealS3 : IAsyncLifetime, ICollectionFixture<RealS3>
{
    private S3Service? _service;
    private string _missing = "";

    /// <summary>The store; skips the test aloud where there is none to start.</summary>
    public S3Service Service
    {
        get
        {
            Assert.SkipWhen(_service is null, $"not tested against a real S3: {_missing}");
            return _service;
        }
    }

    /// <summary>A folder of the bucket that nobody has used, whichever store this is.</summary>
    public static string NewFolder() => $"tests/{Guid.NewGuid():N}";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => (_service, _missing) = await S3Service.TryStartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _service?.Dispose();
        return ValueTask.CompletedTask;
    }
}
