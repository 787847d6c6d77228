using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary>
/// The bounds that a row group's statistics give, as a batch of two rows: lower bounds, upper bounds; null where not known.
/// </summary>
internal static class StatisticsBounds
{
    /// <summary>The bounds of some columns.</summary>
    internal static RecordBatch Of(Schema wanted, ParquetFileReader file, RowGroup group)
    {
        var columns = ImmutableArray.CreateBuilder<ColumnVector>(wanted.Count);
        foreach (Field field in wanted.Fields)
        {
            int index = file.Schema.IndexOf(field.Name);
            int chunk = index < 0 || file.Schema[index].Type != field.Type ? -1 : file.ChunkOf(index);
            Statistics? statistics = chunk < 0 ? null : group.Columns[chunk].MetaData.Statistics;
            using var builder = new ColumnBuilder(field.Type);
            Append(builder, statistics?.MinValue);
            Append(builder, statistics?.MaxValue);
            columns.Add(builder.Finish());
        }

        return new RecordBatch(wanted, columns.MoveToImmutable(), 2);
    }

    private static void Append(ColumnBuilder builder, byte[]? bound)
    {
        int width = builder.Type.Kind switch
        {
            TypeKind.Boolean => 1,
            TypeKind.Decimal or TypeKind.String or TypeKind.Binary => bound?.Length ?? 0,
            _ => builder.Type.Width,
        };
        if (bound is null || bound.Length != width)
        {
            builder.AppendNull();
            return;
        }

        switch (builder.Type.Kind)
        {
            case TypeKind.Boolean:
                builder.Append(bound[0] != 0);
                break;
            case TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis:
                builder.Append(BitConverter.ToInt32(bound));
                break;
            case TypeKind.Float:
                builder.Append(BitConverter.ToSingle(bound));
                break;
            case TypeKind.Double:
                builder.Append(BitConverter.ToDouble(bound));
                break;
            case TypeKind.Decimal when bound.Length is >= 1 and <= 16:
                builder.Append(BoundOrder.ReadDecimal(bound));
                break;
            case TypeKind.Decimal:
                builder.AppendNull();
                break;
            case TypeKind.String or TypeKind.Binary:
                builder.Append(bound.AsSpan());
                break;
            default:
                builder.Append(BitConverter.ToInt64(bound));
                break;
        }
    }
}
