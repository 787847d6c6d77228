using Lakehouse.Ingest;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>What is deliberately broken in the product or under it, to see that the oracle notices.</summary>
internal class Sabotage
{
    internal static readonly Sabotage None = new();

    /// <summary>A store that does not keep its promise.</summary>
    internal virtual IObjectStore Wrap(IObjectStore durable) => durable;

    /// <summary>Product code replaced by other.</summary>
    internal virtual void Break(Pipeline pipeline, SimulatedLog log)
    {
    }
}
