using Lakehouse.Parquet;

namespace Lakehouse.Tests.Parquet;

/// <summary>What a merge can be asked for, at random.</summary>
internal static class RandomMergeOptions
{
    /// <summary>Options under which the merged file has the inputs' schema.</summary>
    internal static MergeOptions Of(Random random, RandomInputs inputs) => new()
    {
        Schema = inputs.IsEvolved || random.Next(2) == 0 ? inputs.Schema : null,
        Writer = (random.Next(3) > 0 ? inputs.Options : RandomOptions.Of(random)) with { PageRowCount = random.Next(3) == 0 ? 700 : 20_000 },
        RowGroupRows = random.Next(3) == 0 ? 2_000 : 1 << 20,
        RowGroupBytes = random.Next(4) == 0 ? 50_000 : 128 << 20,
        DictionaryBytesMax = random.Next(4) == 0 ? 3_000 : 8 << 20,
        SmallPageRows = random.Next(3) == 0 ? 0 : 4096,
        KeepsOrder = random.Next(2) == 0,
        MovesInStore = random.Next(2) == 0,
        MemoryBytes = random.Next(4) == 0 ? 1 << 20 : 256 << 20,
    };
}
