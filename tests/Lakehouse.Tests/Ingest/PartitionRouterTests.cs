using System.Text;
using Lakehouse.Columns;
using Lakehouse.Ingest;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class PartitionRouterTests
{
    [Fact]
    public void Rows_with_the_same_values_are_one_group_wherever_they_stand()
    {
        using RecordBatch rows = Batch(("a", 1), ("a", 1), ("b", 1), ("a", 1), (null, 1), ("a", 2), (null, 1));

        Assert.Equal([0, 0, 1, 0, 2, 3, 2], Groups(rows, [0, 1], out List<int> firstRows));
        Assert.Equal([0, 2, 4, 5], firstRows);
    }

    [Fact]
    public void Null_is_another_partition_than_empty_text_and_zero()
    {
        using RecordBatch rows = Batch(("", 0), (null, 0), ("", null));

        Assert.Equal([0, 1, 2], Groups(rows, [0, 1], out _));
    }

    [Fact]
    public void Without_partition_columns_all_rows_are_one_group()
    {
        using RecordBatch rows = Batch(("a", 1), ("b", 2));

        Assert.Equal([0, 0], Groups(rows, [], out _));
    }

    private static int[] Groups(RecordBatch rows, int[] columns, out List<int> firstRows)
    {
        int[] groups = new int[rows.RowCount];
        firstRows = [];
        PartitionRouter.Group(rows, columns, groups, firstRows);
        return groups;
    }

    private static RecordBatch Batch(params (string? Text, int? Number)[] rows)
    {
        using var texts = new ColumnBuilder(TypeKind.String);
        using var numbers = new ColumnBuilder(TypeKind.Int);
        foreach ((string? text, int? number) in rows)
        {
            if (text is null)
            {
                texts.AppendNull();
            }
            else
            {
                texts.Append(Encoding.UTF8.GetBytes(text));
            }

            if (number is { } value)
            {
                numbers.Append(value);
            }
            else
            {
                numbers.AppendNull();
            }
        }

        return new RecordBatch(
            new Schema(new Field("t", TypeKind.String), new Field("n", TypeKind.Int)), [texts.Finish(), numbers.Finish()], rows.Length);
    }
}
