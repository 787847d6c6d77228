using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Decodes one top-level column of row groups and encodes it again, in the form that is written here.</summary>
internal static class ColumnReencoding
{
    /// <summary>The column's chunks, one per leaf, over all inputs in their order. The caller disposes them.</summary>
    internal static async Task<EncodedChunk[]> RunAsync(
        IEnumerable<(MergeSource Source, int RowGroup)> inputs, string name, Field target, ParquetWriterOptions options, CancellationToken cancellation)
    {
        var state = new ColumnWriterState();
        using ColumnWriter? flat = target.Type.IsNested ? null : ParquetFileWriter.NewWriter(target, options, state);
        using NestedColumnWriter? nested = !target.Type.IsNested
            ? null
            : new NestedColumnWriter(target, (leaf, path) => ParquetFileWriter.NewWriter(leaf, options, state, path));
        string at = "";
        try
        {
            foreach ((MergeSource source, int group) in inputs)
            {
                at = $"'{source.Path}', row group {group}, column '{name}'";
                long rows = source.MetaData.RowGroups[group].NumRows;
                var request = new ReadRequest { Columns = [name], Rows = g => g == group ? RowRanges.All(rows) : RowRanges.None };
                await foreach (RecordBatch batch in source.Reader.ScanAsync(request, cancellation))
                {
                    using (batch)
                    {
                        using ColumnVector? wider = Widen(batch.Columns[0], target.Type);
                        ColumnVector values = wider ?? batch.Columns[0];
                        if (target.Required && values.NullCount > 0)
                        {
                            throw new ParquetFormatException($"{at}: {values.NullCount} nulls.");
                        }

                        flat?.Write(values, 0, batch.RowCount);
                        nested?.Write(values, 0, batch.RowCount);
                    }
                }
            }

            return flat is not null ? [flat.FinishChunk()] : [.. nested!.FinishChunks()];
        }
        catch (ArgumentException e)
        {
            // < The writer refuses what a sound file does not hold, such as more digits than a decimal has.
            throw new ParquetFormatException($"{at}, or an input before it: {e.Message}", e);
        }
        finally
        {
            state.ForgetDictionaries();
        }
    }

    private static ColumnVector? Widen(ColumnVector values, ColumnType target)
    {
        if (values.Type == target)
        {
            return null;
        }

        using var builder = new ColumnBuilder(target);
        for (int i = 0; i < values.Length; i++)
        {
            switch (values.IsValid(i), values.Type.Kind, target.Kind)
            {
                case (false, _, _):
                    builder.AppendNull();
                    break;
                case (_, TypeKind.Int, TypeKind.Long):
                    builder.Append((long)values.Values<int>()[i]);
                    break;
                case (_, TypeKind.Float, TypeKind.Double):
                    builder.Append((double)values.Values<float>()[i]);
                    break;
                default:
                    throw new InvariantViolatedException($"{values.Type} is not planned to become {target}");
            }
        }

        return builder.Finish();
    }
}
