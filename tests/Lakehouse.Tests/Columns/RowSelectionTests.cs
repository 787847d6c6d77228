using Lakehouse.Columns;
using Xunit;

namespace Lakehouse.Tests.Columns;

public sealed class RowSelectionTests(ITestOutputHelper output)
{
    private static readonly Schema Schema = new(
        new Field("i", TypeKind.Int), new Field("l", TypeKind.Long), new Field("m", ColumnType.Decimal(9, 0)),
        new Field("b", TypeKind.Boolean), new Field("s", TypeKind.String));

    [Fact]
    public void It_keeps_the_rows_whose_condition_is_true_and_no_others()
    {
        int seed = Environment.ProcessId ^ (int)DateTime.UtcNow.Ticks;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            bool?[] passes = [.. Enumerable.Range(0, random.Next(40))
                .Select(_ => random.Next(3) switch { 0 => true, 1 => false, _ => (bool?)null })];
            int[] expected = [.. Enumerable.Range(0, passes.Length).Where(row => passes[row] == true)];
            using ColumnVector condition = Condition(passes);
            using RecordBatch kept = RowSelection.Apply(Batch(passes.Length), condition);
            Assert.Equal(expected.Length, kept.RowCount);
            for (int i = 0; i < expected.Length; i++)
            {
                AssertRow(kept, i, expected[i]);
            }
        }
    }

    [Fact]
    public void When_all_rows_pass_the_same_batch_comes_back()
    {
        using RecordBatch batch = Batch(11);
        using ColumnVector condition = Condition([.. Enumerable.Repeat<bool?>(true, 11)]);
        Assert.Same(batch, RowSelection.Apply(batch, condition));
        Assert.Equal(5, batch.Columns.Length);
    }

    [Fact]
    public void A_batch_that_was_not_handed_back_is_disposed()
    {
        RecordBatch batch = Batch(2);
        using ColumnVector condition = Condition([true, false]);
        RowSelection.Apply(batch, condition).Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Columns);
    }

    private static void AssertRow(RecordBatch batch, int row, int source)
    {
        bool isNull = source % 5 == 4;
        Assert.All(batch.Columns, column => Assert.Equal(!isNull, column.IsValid(row)));
        Assert.Equal(isNull ? 0 : source, batch.Columns[0].Values<int>()[row]);
        Assert.Equal(isNull ? 0 : source * 10L, batch.Columns[1].Values<long>()[row]);
        Assert.Equal(isNull ? 0 : (Int128)source, batch.Columns[2].Values<Int128>()[row]);
        Assert.Equal(!isNull && source % 2 == 0, batch.Columns[3].BooleanAt(row));
        Assert.Equal(isNull ? 0 : source % 7, batch.Columns[4].BytesAt(row).Length);
    }

    private static ColumnVector Condition(bool?[] values)
    {
        using var builder = new ColumnBuilder(TypeKind.Boolean);
        foreach (bool? value in values)
        {
            if (value is { } known)
            {
                builder.Append(known);
            }
            else
            {
                builder.AppendNull();
            }
        }

        return builder.Finish();
    }

    private static RecordBatch Batch(int rows)
    {
        ColumnBuilder[] builders = [.. Schema.Fields.Select(field => new ColumnBuilder(field.Type))];
        for (int i = 0; i < rows; i++)
        {
            if (i % 5 == 4)
            {
                Array.ForEach(builders, builder => builder.AppendNull());
                continue;
            }

            builders[0].Append(i);
            builders[1].Append(i * 10L);
            builders[2].Append((Int128)i);
            builders[3].Append(i % 2 == 0);
            builders[4].Append("abcdefg"u8[..(i % 7)]);
        }

        var batch = new RecordBatch(Schema, [.. builders.Select(builder => builder.Finish())], rows);
        Array.ForEach(builders, builder => builder.Dispose());
        return batch;
    }

    [Fact]
    public void Rows_of_nested_columns_are_taken_with_all_that_lies_below_them()
    {
        using var elements = new ColumnBuilder(TypeKind.Int);
        elements.Append(1);
        elements.Append(2);
        elements.AppendNull();
        ColumnVector list = ColumnVector.Nested(ColumnType.List(TypeKind.Int), 3, new byte[] { 0b101 }, [0, 2, 2, 3], [elements.Finish()]);
        ColumnType type = ColumnType.Struct(new Field("list", list.Type));
        using ColumnVector column = ColumnVector.Nested(type, 3, default, default, [list]);
        using ColumnVector taken = RowSelection.Take(column, [2, 1, 0, 0]);
        ColumnVector lists = taken.Children[0];
        Assert.Equal(4, taken.Length);
        Assert.Equal([0, 1, 1, 3, 5], lists.Offsets.ToArray());
        Assert.Equal([true, false, true, true], Enumerable.Range(0, 4).Select(lists.IsValid));
        Assert.Equal([0, 1, 2, 1, 2], lists.Children[0].Values<int>().ToArray());
        Assert.False(lists.Children[0].IsValid(0));
        Assert.Throws<ArgumentException>(() => ColumnVector.Nested(type, 2, default, default, [lists]));
    }
}
