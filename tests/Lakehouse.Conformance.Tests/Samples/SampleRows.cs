using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;

namespace Lakehouse.Conformance.Tests;

/// <summary>Makes rows of the sample schema.</summary>
internal static class SampleRows
{
    /// <summary>Writes one row for each offset and adds its values as texts.</summary>
    internal static void Write(
        BaseFileWriter writer,
        ReadOnlySpan<long> offsets,
        SamplePartition partition,
        bool onlyNulls,
        Random random,
        List<(string?[] Values, long Offset)> written)
    {
        Schema schema = SampleTable.Schema;
        ColumnBuilder[] builders = [.. schema.Fields.Select(f => new ColumnBuilder(f.Type))];
        using var positions = new ColumnBuilder(TypeKind.Long);
        foreach (long offset in offsets)
        {
            var row = new string?[schema.Count];
            for (int column = 0; column < schema.Count; column++)
            {
                ColumnBuilder builder = builders[column];
                row[column] = schema[column].Name switch
                {
                    "id" => SampleValues.Append(builder, offset),
                    "dt" when partition.Day is { } day => SampleValues.Append(builder, Encoding.UTF8.GetBytes(day)),
                    "zone" => SampleValues.Append(builder, partition.Zone),
                    "dt" or "nothing" => SampleValues.AppendNull(builder),
                    _ when onlyNulls => SampleValues.AppendNull(builder),
                    _ => SampleValues.AppendRandom(builder, random),
                };
            }

            positions.Append(offset);
            written.Add((row, offset));
        }

        using var batch = new RecordBatch(schema, [.. builders.Select(b => b.Finish())], offsets.Length);
        using ColumnVector identities = positions.Finish();
        writer.Write(batch, new RowIdentity("sample-0-"u8.ToArray(), identities));
        foreach (ColumnBuilder builder in builders)
        {
            builder.Dispose();
        }
    }
}
