using Lakehouse.Columns;
using Lakehouse.Compaction;
using Xunit;

namespace Lakehouse.Tests.Compaction;

public sealed class PhysicalSchemasTests
{
    private static readonly Field A = new("a", TypeKind.Long);
    private static readonly Field B = new("b", TypeKind.String);
    private static readonly Field C = new("c", TypeKind.Double);
    private static readonly Schema Table = new(A, B, C);

    [Fact]
    public void Files_that_lack_columns_which_may_be_null_are_padded_to_the_tables()
    {
        var parts = PhysicalSchemas.Split([Table, new Schema(A), new Schema(A, C), Table], Table);
        Assert.Equal([0, 1, 2, 3], parts.Single().Files);
        Assert.Equal(Table, parts.Single().Schema);
    }

    [Fact]
    public void Files_that_cannot_be_padded_go_with_their_like_and_keep_their_columns()
    {
        var other = new Schema(A, new Field("b", TypeKind.Long));
        var more = new Schema(A, B, C, new Field("d", TypeKind.Long));
        var parts = PhysicalSchemas.Split([Table, other, more, other, new Schema(A)], Table);
        Assert.Equal([(Table, "0,4"), (other, "1,3"), (more, "2")], parts.Select(p => (p.Schema, string.Join(',', p.Files))));
    }

    [Fact]
    public void A_required_column_cannot_be_padded_and_the_order_of_columns_counts()
    {
        var strict = new Schema(A, new Field("b", TypeKind.String, Required: true));
        Assert.False(PhysicalSchemas.IsPaddable(new Schema(A), strict));
        Assert.False(PhysicalSchemas.IsPaddable(new Schema(B, A), Table));
        Assert.True(PhysicalSchemas.IsPaddable(new Schema(C), Table));
    }
}
