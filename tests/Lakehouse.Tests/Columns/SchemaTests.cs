using Lakehouse.Columns;
using Xunit;

namespace Lakehouse.Tests.Columns;

public sealed class SchemaTests
{
    [Fact]
    public void Every_type_reads_its_own_text()
    {
        foreach (TypeKind kind in ColumnType.ScalarKinds)
        {
            ColumnType type = kind == TypeKind.Decimal ? ColumnType.Decimal(10, 2) : kind;
            Assert.True(ColumnType.TryParse(type.ToString(), out ColumnType parsed));
            Assert.Equal(type, parsed);
        }
    }

    [Theory]
    [InlineData("varchar")]
    [InlineData("decimal")]
    [InlineData("decimal(0,0)")]
    [InlineData("decimal(39,0)")]
    [InlineData("decimal(5,6)")]
    [InlineData("decimal(5,2")]
    [InlineData("decimal(5)")]
    [InlineData("Long")]
    public void Text_that_names_no_type_is_refused(string text) => Assert.False(ColumnType.TryParse(text, out _));

    [Fact]
    public void Two_columns_of_one_name_are_refused() =>
        Assert.Throws<ArgumentException>(() => new Schema(new Field("a", TypeKind.Int), new Field("a", TypeKind.Long)));

    [Fact]
    public void A_batch_refuses_columns_that_do_not_fit_its_schema()
    {
        var required = new Schema(new Field("a", TypeKind.Int, Required: true));
        Assert.Throws<ArgumentException>(() => new RecordBatch(required, [Column(TypeKind.Int, nulls: 1)], 1));
        Assert.Throws<ArgumentException>(() => new RecordBatch(required, [Column(TypeKind.Long, nulls: 0)], 0));
        Assert.Throws<ArgumentException>(() => new RecordBatch(required, [Column(TypeKind.Int, nulls: 0)], 1));
        Assert.Throws<ArgumentException>(() => new RecordBatch(required, [], 0));
    }

    [Fact]
    public void A_batch_that_gave_its_columns_away_is_spent()
    {
        var batch = new RecordBatch(new Schema(new Field("a", TypeKind.Int)), [Column(TypeKind.Int, nulls: 2)], 2);
        using RecordBatch longer = batch.Append(batch.Schema.Append(new Field("b", TypeKind.Long)), Column(TypeKind.Long, nulls: 2));
        Assert.Equal(2, longer.Columns.Length);
        Assert.Throws<ObjectDisposedException>(() => batch.Columns);
        batch.Dispose();
        Assert.Equal(2, longer.Columns[0].NullCount);
    }

    private static ColumnVector Column(ColumnType type, int nulls)
    {
        using var builder = new ColumnBuilder(type);
        for (int i = 0; i < nulls; i++)
        {
            builder.AppendNull();
        }

        return builder.Finish();
    }
}
