using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Tests that count allocations run alone: others fill and empty the pools of buffers that all share.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CountedAllocations
{
    internal const string Name = "counted allocations";
}
