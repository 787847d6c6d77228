using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Storage;

/// <summary>One real S3 store for all tests of the collection.</summary>
[CollectionDefinition(nameof(RealS3))]
public sealed class RealS3 : IAsyncLifetime, ICollectionFixture<RealS3>
{
    private S3Service? _service;

    /// <summary>The store; skips the test aloud where there is none to start.</summary>
    public S3Service Service
    {
        get
        {
            Assert.SkipWhen(_service is null, "no services/s3.sh beside the repository and no LAKEHOUSE_TEST_S3: not tested against a real S3");
            return _service;
        }
    }

    /// <summary>A folder of the bucket that nobody has used, whichever store this is.</summary>
    public static string NewFolder() => $"tests/{Guid.NewGuid():N}";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _service = await S3Service.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _service?.Dispose();
        return ValueTask.CompletedTask;
    }
}
