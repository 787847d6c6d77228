using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>A page without a byte of values: all of its entries are null.</summary>
internal sealed class NoValues : PageValues
{
    internal static readonly NoValues Instance = new();

    internal override void Read(int count, ColumnBuilder target) =>
        throw new ParquetFormatException($"The page ends before its {count} values.");

    protected override void Begin(int start)
    {
    }
}
