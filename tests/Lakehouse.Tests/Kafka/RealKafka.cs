using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests;

/// <summary>One real broker for all tests of a collection.</summary>
public sealed class RealKafka : IDisposable
{
    private readonly KafkaService? _service = KafkaService.Start();

    /// <summary>The broker; skips the test aloud where there is none to start.</summary>
    public KafkaService Service
    {
        get
        {
            Assert.SkipWhen(_service is null, "no services/kafka.sh beside the repository: not tested against a real Kafka");
            return _service;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _service?.Dispose();
}
