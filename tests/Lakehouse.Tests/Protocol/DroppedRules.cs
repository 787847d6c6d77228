using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Protocol;

/// <summary>Put-if-absent lets one win: here everybody wins a number.</summary>
internal sealed class EverybodyWins : DroppedRule
{
    internal override IObjectStore Wrap(IObjectStore store) => new ForgetfulStore(store);
}
