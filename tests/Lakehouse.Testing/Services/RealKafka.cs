using Xunit;

namespace Lakehouse.Testing;

/// <summary>One real broker, for the tests that share this fixture and do not kill it; started for the first of them.</summary>
public sealed class RealKafka : IDisposable
{
    private readonly Lazy<KafkaService?> _service = new(static () => KafkaService.Start());

    /// <summary>The broker; skips the test aloud where there is none to start.</summary>
    public KafkaService Service
    {
        get
        {
            Assert.SkipUnless(KafkaService.IsAvailable, "SKIPPED: the scripts that start a real Kafka are not beside the repository.");
            return _service.Value!;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_service.IsValueCreated)
        {
            _service.Value?.Dispose();
        }
    }
}
