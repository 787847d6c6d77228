using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Protocol;

/// <summary>A build of the product that lacks one rule of the protocol: from outside, by a store or a proposal that lies to it.</summary>
internal class DroppedRule
{
    /// <summary>The product as it is.</summary>
    internal static readonly DroppedRule None = new();

    /// <summary>Whether it bends what is proposed, for which the table's newest state is needed.</summary>
    internal virtual bool Bends => false;

    /// <summary>What a process believes to be the store.</summary>
    internal virtual IObjectStore Wrap(IObjectStore store) => store;

    /// <summary>What a worker proposes when the ledger is this.</summary>
    internal virtual Committable Bend(Committable work, Ledger? ledger) => work;
}
