using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>Broken: a store on which everybody wins a number.</summary>
internal sealed class SharedNumbers : Sabotage
{
    internal override IObjectStore Wrap(IObjectStore durable) => new ForgetfulStore(durable);
}
