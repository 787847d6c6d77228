using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Service;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class GroupTableTests
{
    private static readonly Schema Trips = new(
        new Field("city", TypeKind.String),
        new Field("fare", TypeKind.Double),
        new Field("riders", TypeKind.Int),
        new Field("paid", ColumnType.Decimal(10, 2)),
        new Field("at", TypeKind.TimestampMillis));

    [Fact]
    public void Groups_and_aggregates_are_those_of_linq()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        List<Row> rows = [.. Enumerable.Range(0, 5000).Select(_ => Row.Next(random))];
        var table = new GroupTable(Trips, ["city"],
            [.. AggregateCall.ParseList("count(*), count(fare), sum(fare), min(riders), max(at), avg(riders), sum(paid), max(city)")]);
        foreach (Row[] chunk in rows.Chunk(777))
        {
            using RecordBatch batch = Batch(chunk);
            table.Add(batch);
        }

        var expected = rows.GroupBy(r => r.City).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new object?[]
        {
            g.Key,
            (long)g.Count(),
            (long)g.Count(r => r.Fare is not null),
            g.Any(r => r.Fare is not null) ? g.Sum(r => r.Fare!.GetValueOrDefault()) : null,
            g.Any(r => r.Riders is not null) ? (long)g.Min(r => r.Riders)!.Value : null,
            DateTime.UnixEpoch.AddMilliseconds(g.Max(r => r.At)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
            g.Average(r => (double?)r.Riders),
            (g.Sum(r => r.PaidCents) / 100m).ToString("0.00"),
            g.Key,
        }).ToList();
        List<object?[]> actual = table.Rows();
        Assert.True(expected.Count == actual.Count, $"seed {seed}");
        foreach ((object?[] want, object?[] got) in expected.Zip(actual))
        {
            for (int i = 0; i < want.Length; i++)
            {
                bool same = want[i] is double d ? Math.Abs(d - (double)got[i]!) < 1e-6 * Math.Max(1, Math.Abs(d)) : Equals(want[i], got[i]);
                Assert.True(same, $"seed {seed}, column {i}: expected {want[i]}, got {got[i]}");
            }
        }
    }

    [Fact]
    public void Without_keys_and_rows_there_is_one_row_of_zero_and_nulls()
    {
        var table = new GroupTable(Trips, [], [.. AggregateCall.ParseList("count(*), sum(fare), min(city)")]);
        Assert.Equal([0L, null, null], Assert.Single(table.Rows()));
    }

    [Fact]
    public void Keys_that_concatenate_to_the_same_text_are_different_groups()
    {
        var schema = new Schema(new Field("a", TypeKind.String), new Field("b", TypeKind.String));
        using var a = new ColumnBuilder(TypeKind.String);
        using var b = new ColumnBuilder(TypeKind.String);
        foreach ((string x, string? y) in new[] { ("ab", "c"), ("a", "bc"), ("ab", null), ("ab", "") })
        {
            a.Append(Encoding.UTF8.GetBytes(x));
            if (y is null)
            {
                b.AppendNull();
            }
            else
            {
                b.Append(Encoding.UTF8.GetBytes(y));
            }
        }

        using var batch = new RecordBatch(schema, [a.Finish(), b.Finish()], 4);
        var table = new GroupTable(schema, ["a", "b"], [.. AggregateCall.ParseList("count(*)")]);
        table.Add(batch);
        Assert.Equal(["a,bc,1", "ab,,1", "ab,,1", "ab,c,1"], table.Rows().Select(r => string.Join(',', r)));
        Assert.Equal([null, ""], table.Rows().Skip(1).Take(2).Select(r => r[1]));
    }

    [Theory]
    [InlineData("median(fare)", "is not an aggregate")]
    [InlineData("sum(*)", "only count takes *")]
    [InlineData("sum(city)", "is not a number")]
    [InlineData("sum(fair)", "did you mean 'fare'?")]
    [InlineData("7(fare)", "is not an aggregate")]
    [InlineData("", "is empty")]
    public void A_wrong_aggregate_is_refused_with_what_to_write(string aggregate, string message)
    {
        CommandFailedException e = Assert.Throws<CommandFailedException>(
            () => new GroupTable(Trips, [], [.. AggregateCall.ParseList(aggregate)]));
        Assert.Contains(message, e.Message);
        Assert.Equal(ExitCode.Usage, e.ExitCode);
    }

    private static RecordBatch Batch(IReadOnlyList<Row> rows)
    {
        ColumnBuilder[] builders = [.. Trips.Fields.Select(f => new ColumnBuilder(f.Type))];
        foreach (Row row in rows)
        {
            Append(builders[0], row.City, static (b, v) => b.Append(Encoding.UTF8.GetBytes(v)));
            Append(builders[1], row.Fare is { } fare ? (object)fare : null, static (b, v) => b.Append((double)v));
            Append(builders[2], row.Riders is { } riders ? (object)riders : null, static (b, v) => b.Append((int)v));
            builders[3].Append((Int128)row.PaidCents);
            builders[4].Append(row.At);
        }

        ImmutableArray<ColumnVector> columns = [.. builders.Select(b => b.Finish())];
        foreach (ColumnBuilder builder in builders)
        {
            builder.Dispose();
        }

        return new RecordBatch(Trips, columns, rows.Count);
    }

    private static void Append<T>(ColumnBuilder builder, T? value, Action<ColumnBuilder, T> append)
        where T : class
    {
        if (value is null)
        {
            builder.AppendNull();
        }
        else
        {
            append(builder, value);
        }
    }

    private sealed record Row(string? City, double? Fare, int? Riders, long PaidCents, long At)
    {
        internal static Row Next(Random random) => new(
            random.Next(10) == 0 ? null : "city" + random.Next(7),
            random.Next(10) == 0 ? null : random.NextDouble() * 100,
            random.Next(10) == 0 ? null : random.Next(-5, 6),
            random.Next(-100000, 100000),
            random.NextInt64(0, 2_000_000_000_000));
    }
}
