using Xunit;

namespace Lakehouse.Tests.Hudi;

/// <summary>The running test's cancellation, by a short name.</summary>
internal static class TestStop
{
    internal static CancellationToken Stop => TestContext.Current.CancellationToken;
}
