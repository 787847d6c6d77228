using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Storage;

public sealed class MemoryObjectStoreTests : ObjectStoreContract
{
    protected override IObjectStore Store { get; } = new MemoryObjectStore("test", TimeProvider.System);
}
