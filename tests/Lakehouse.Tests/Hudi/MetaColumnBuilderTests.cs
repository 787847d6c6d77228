using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Hudi;

public sealed class MetaColumnBuilderTests(ITestOutputHelper output)
{
    private static readonly Schema Keyed = new([new Field("id", TypeKind.String), new Field("n", TypeKind.Long)]);

    [Fact]
    public void Sequence_numbers_are_the_prefix_and_each_offset()
    {
        var random = new Random(Seeds.Pick(output));
        for (int round = 0; round < 50; round++)
        {
            string prefix = new('t', random.Next(1, random.Next(2) == 0 ? 20 : 400));
            long offset = random.NextInt64(1L << random.Next(1, 62));
            long[] offsets = new long[random.Next(1, 3_000)];
            for (int i = 0; i < offsets.Length; i++)
            {
                offsets[i] = offset;
                offset += random.Next(8) == 0 ? random.Next(2, 100) : 1;
            }

            using ColumnVector column = Longs(offsets);
            using var builder = new MetaColumnBuilder(Keyed, []);
            (ColumnVector seqnos, ColumnVector? keys, _) = builder.Build([], offsets.Length, new RowIdentity(Encoding.ASCII.GetBytes(prefix), column));
            Assert.Null(keys);
            Assert.Equal(offsets.Select(o => prefix + o), Texts(seqnos));
            seqnos.Dispose();
        }
    }

    [Theory]
    [InlineData(false, "a", "bc")]
    [InlineData(true, "a", "")]
    [InlineData(true, "a", null)]
    public void A_text_is_its_own_key_unless_null_or_nothing_is_among_them(bool owned, params string?[] values)
    {
        using ColumnVector ids = Strings(values);
        using ColumnVector offsets = Longs([.. values.Select(static (_, i) => (long)i)]);
        using var builder = new MetaColumnBuilder(Keyed, ["id"]);
        (ColumnVector seqnos, ColumnVector? keys, bool ownsKey) = builder.Build([ids, offsets], values.Length, new RowIdentity("t-0-"u8.ToArray(), offsets));
        Assert.Equal(owned, ownsKey);
        Assert.Equal(values.Select(static v => v switch { null => "__null__", "" => "__empty__", _ => v }), Texts(keys!));
        seqnos.Dispose();
        if (ownsKey)
        {
            keys!.Dispose();
        }
        else
        {
            Assert.Same(ids, keys);
        }
    }

    private static IEnumerable<string> Texts(ColumnVector column) =>
        Enumerable.Range(0, column.Length).Select(row => Encoding.UTF8.GetString(column.BytesAt(row)));

    private static ColumnVector Longs(long[] values)
    {
        using var builder = new ColumnBuilder(TypeKind.Long);
        Array.ForEach(values, builder.Append);
        return builder.Finish();
    }

    private static ColumnVector Strings(string?[] values)
    {
        using var builder = new ColumnBuilder(TypeKind.String);
        foreach (string? value in values)
        {
            if (value is null)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(Encoding.UTF8.GetBytes(value));
            }
        }

        return builder.Finish();
    }
}
