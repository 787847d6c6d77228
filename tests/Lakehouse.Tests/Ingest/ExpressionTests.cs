using System.Text;
using Lakehouse.Columns;
using Lakehouse.Ingest;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class ExpressionTests
{
    private const long Noon = 1763553600123L; // 2025-11-19T12:00:00.123Z

    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3", "9")]
    [InlineData("10 - 3 - 4", "3")]
    [InlineData("- 2 - -3", "1")]
    [InlineData("7 / 2", "3.5")]
    [InlineData("7 % 3", "1")]
    [InlineData("-7 % 3", "-1")]
    [InlineData("1 / 0", null)]
    [InlineData("1 % 0", null)]
    [InlineData("9223372036854775807 + 1", null)]
    [InlineData("-9223372036854775808 - 1", null)]
    [InlineData("9223372036854775807 * 2", null)]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("-9223372036854775808 % -1", "0")]
    [InlineData("1e308 * 10.0", null)]
    [InlineData("0.5 + 1", "1.5")]
    [InlineData("price + 0.01", "12.35")]
    [InlineData("price * 2", "24.6800")]
    [InlineData("price - 1", "11.34")]
    [InlineData("price % 5", "2.34")]
    [InlineData("-price", "-12.34")]
    [InlineData("big + 1", "8")]
    [InlineData("nothing + 1", null)]
    [InlineData("NULL + 1", null)]
    public void Arithmetic_follows_precedence_and_types(string expression, string? expected) => AssertText(expression, expected);

    [Theory]
    [InlineData("fare >= 0", true)]
    [InlineData("fare = 28.5", true)]
    [InlineData("fare <> 28.5", false)]
    [InlineData("fare != 1", true)]
    [InlineData("big < 8.5", true)]
    [InlineData("big > 7", false)]
    [InlineData("price = 12.34", true)]
    [InlineData("price > 12.339", true)]
    [InlineData("price < 12.341", true)]
    [InlineData("price > -12.34", true)]
    [InlineData("city = 'c\u00e9'", true)]
    [InlineData("city < 'd'", true)]
    [InlineData("\"odd name\" = 5", true)]
    [InlineData("ok = TRUE", true)]
    [InlineData("ok <> false and not ok = false", true)]
    [InlineData("event_time >= '2025-11-19'", true)]
    [InlineData("event_time = '2025-11-19T12:00:00.123Z'", true)]
    [InlineData("event_time < '2025-11-19T12:00:00.123001Z'", true)]
    [InlineData("event_time > TIMESTAMP '2025-11-19 11:59:59'", true)]
    [InlineData("day = DATE '2025-11-19'", true)]
    [InlineData("day < event_time", true)]
    [InlineData("day >= '2025-11-19T00:00:01'", false)]
    [InlineData("nothing = 1", null)]
    [InlineData("nothing = nothing", null)]
    [InlineData("NULL = 1", null)]
    [InlineData("nothing IS NULL", true)]
    [InlineData("fare is not null", true)]
    [InlineData("city IN ('a', 'c\u00e9')", true)]
    [InlineData("city NOT IN ('a', 'b')", true)]
    [InlineData("city IN ('a', NULL)", null)]
    [InlineData("city NOT IN ('c\u00e9', NULL)", false)]
    [InlineData("nothing IN (1, 2)", null)]
    [InlineData("fare BETWEEN 28.5 AND 29", true)]
    [InlineData("fare NOT BETWEEN 28.5 AND 29 OR FALSE", false)]
    [InlineData("fare BETWEEN 30 AND nothing", false)]
    [InlineData("fare BETWEEN 1 AND nothing", null)]
    [InlineData("city LIKE 'c_'", true)]
    [InlineData("city LIKE '%\u00e9%'", true)]
    [InlineData("city LIKE 'c'", false)]
    [InlineData("city NOT LIKE '%x'", true)]
    [InlineData("'a%b' LIKE 'a\\%b'", true)]
    [InlineData("'axb' LIKE 'a\\%b'", false)]
    [InlineData("'abcabd' LIKE '%abd'", true)]
    [InlineData("'' LIKE '%'", true)]
    [InlineData("missing LIKE '%'", null)]
    public void Conditions_follow_sql(string expression, bool? expected)
    {
        (ColumnVector column, ColumnType type) = Evaluate(expression);
        using (column)
        {
            Assert.Equal(TypeKind.Boolean, type.Kind);
            for (int i = 0; i < column.Length; i++)
            {
                Assert.Equal(expected, column.IsValid(i) ? column.BooleanAt(i) : null);
            }
        }
    }

    [Theory]
    [InlineData("date_format(event_time, 'yyyy-MM-dd')", "2025-11-19")]
    [InlineData("date_format(event_time, 'yyyy/M/d HH:mm:ss.SSS')", "2025/11/19 12:00:00.123")]
    [InlineData("date_format(event_time, 'yyyyMMdd''T''HH')", "20251119T12")]
    [InlineData("date_format(day, 'yyyy-MM-dd HH')", "2025-11-19 00")]
    [InlineData("date_format(TIMESTAMP '1969-12-31T23:59:59.999999Z', 'yyyy-MM-dd HH:mm:ss.SSSSSS')", "1969-12-31 23:59:59.999999")]
    [InlineData("date_format(NULL, 'yyyy')", null)]
    [InlineData("date(event_time)", "2025-11-19")]
    [InlineData("year(event_time)", "2025")]
    [InlineData("month('2024-02-29')", "2")]
    [InlineData("day(day)", "19")]
    [InlineData("hour(event_time)", "12")]
    [InlineData("lower('\u00c9A')", "\u00e9a")]
    [InlineData("UPPER(city)", "C\u00c9")]
    [InlineData("upper(missing)", null)]
    [InlineData("length(city)", "2")]
    [InlineData("length('')", "0")]
    [InlineData("length(missing)", null)]
    [InlineData("substring('h\u00e9llo', 2, 3)", "\u00e9ll")]
    [InlineData("substring('hello', -3)", "llo")]
    [InlineData("substring('hello', -10, 7)", "he")]
    [InlineData("substring('hello', 3, 100)", "llo")]
    [InlineData("substring('hello', 3, -1)", "")]
    [InlineData("substring('hello', 0, 2)", "he")]
    [InlineData("substring(missing, 1)", null)]
    [InlineData("concat(city, '-', big)", "c\u00e9-7")]
    [InlineData("city || '/' || fare", "c\u00e9/28.5")]
    [InlineData("city || missing", null)]
    [InlineData("coalesce(nothing, NULL, 3)", "3")]
    [InlineData("coalesce(missing, city)", "c\u00e9")]
    [InlineData("nullif(big, 7)", null)]
    [InlineData("nullif(big, 8)", "7")]
    [InlineData("nullif(big, nothing)", "7")]
    [InlineData("abs(-3)", "3")]
    [InlineData("abs(-2.5)", "2.5")]
    [InlineData("abs(-price)", "12.34")]
    [InlineData("abs(nothing)", null)]
    [InlineData("round(2.5)", "3")]
    [InlineData("round(-2.5)", "-3")]
    [InlineData("round(2.345, 1)", "2.3")]
    [InlineData("floor(-2.5)", "-3")]
    [InlineData("ceil(2.1)", "3")]
    [InlineData("round(nothing)", null)]
    [InlineData("CASE WHEN fare > 100 THEN 'high' WHEN fare > 10 THEN 'mid' ELSE 'low' END", "mid")]
    [InlineData("CASE WHEN nothing > 1 THEN 'x' ELSE 'other' END", "other")]
    [InlineData("CASE WHEN fare > 100 THEN 1 END", null)]
    [InlineData("CASE big WHEN 7 THEN 'seven' ELSE NULL END", "seven")]
    [InlineData("CASE WHEN TRUE THEN 1 ELSE 2.5 END", "1")]
    public void Functions_compute(string expression, string? expected) => AssertText(expression, expected);

    [Theory]
    [InlineData("CAST('12' AS int)", "12")]
    [InlineData("CAST('x' AS int)", null)]
    [InlineData("CAST(3000000000 AS int)", null)]
    [InlineData("CAST(-2.9 AS bigint)", "-2")]
    [InlineData("CAST(1e300 AS long)", null)]
    [InlineData("CAST(2.345 AS decimal(5, 2))", "2.35")]
    [InlineData("CAST(1000 AS decimal(5,2))", null)]
    [InlineData("CAST(price AS decimal(4,1))", "12.3")]
    [InlineData("CAST('-0.05' AS decimal(3,2))", "-0.05")]
    [InlineData("CAST(price AS double)", "12.34")]
    [InlineData("CAST(price AS long)", "12")]
    [InlineData("CAST(1.1 AS float)", "1.1")]
    [InlineData("CAST(TRUE AS string)", "true")]
    [InlineData("CAST(ok AS int)", "1")]
    [InlineData("CAST('False' AS boolean)", "false")]
    [InlineData("CAST('2025-11-19' AS date)", "2025-11-19")]
    [InlineData("CAST('19.11.2025' AS date)", null)]
    [InlineData("CAST(event_time AS string)", "2025-11-19T12:00:00.123Z")]
    [InlineData("CAST(event_time AS timestamp)", "2025-11-19T12:00:00.123000Z")]
    [InlineData("CAST(event_time AS date)", "2025-11-19")]
    [InlineData("CAST(event_time AS long)", "1763553600123")]
    [InlineData("CAST(1763553600123 AS timestamp_millis)", "2025-11-19T12:00:00.123Z")]
    [InlineData("CAST(NULL AS string)", null)]
    public void Casts_convert_or_are_null(string expression, string? expected) => AssertText(expression, expected);

    [Theory]
    [InlineData("", 0, "Expected a value")]
    [InlineData("fare >", 6, "found the end")]
    [InlineData("fare > > 1", 7, "Expected a value")]
    [InlineData("(fare", 5, "Expected ')'")]
    [InlineData("fare fare", 5, "Expected an operator")]
    [InlineData("far > 1", 0, "Did you mean 'fare'?")]
    [InlineData("lowr(city)", 0, "Did you mean 'lower'?")]
    [InlineData("fare + city", 7, "mixes double and string")]
    [InlineData("city + city", 5, "does not work on string")]
    [InlineData("fare = 'x'", 7, "mixes double and string")]
    [InlineData("event_time > 'soon'", 13, "is not a time")]
    [InlineData("NOT fare", 4, "must be boolean")]
    [InlineData("ok AND fare", 7, "must be boolean")]
    [InlineData("lower(fare)", 6, "must be string")]
    [InlineData("lower()", 0, "takes 1 argument")]
    [InlineData("date_format(event_time, city)", 24, "must be a 'text'")]
    [InlineData("date_format(event_time, 'yyyy-mm-DD')", 24, "'DD'")]
    [InlineData("date_format(fare, 'yyyy')", 12, "takes a date or a timestamp")]
    [InlineData("CAST(fare AS strin)", 13, "Did you mean 'string'?")]
    [InlineData("CAST(fare AS date)", 0, "cannot be cast")]
    [InlineData("'open", 0, "never closed")]
    [InlineData("1x", 0, "neither a number nor a name")]
    [InlineData("a ; b", 2, "';' has no meaning")]
    [InlineData("NULL", 0, "has no type")]
    [InlineData("CASE WHEN ok THEN NULL END", 0, "no result")]
    [InlineData("fare IS 3", 8, "Expected NULL")]
    [InlineData("fare BETWEEN 1 OR 2", 15, "Expected AND")]
    [InlineData("select", 0, "no column 'select'")]
    public void Mistakes_are_reported_where_they_are(string expression, int position, string reason)
    {
        var error = Assert.Throws<ExpressionException>(() => Expression.Parse(expression).Bind(Rows.Schema));
        Assert.Equal(position, error.Position);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a < '12:30:00.001'", true)]
    [InlineData("a = b", true)]
    [InlineData("b >= CAST('12:30' AS time_micros)", true)]
    [InlineData("CAST(a AS string) = '12:30:00.000000'", true)]
    [InlineData("b = '12:30:00.000001'", false)]
    public void Times_of_day_compare_with_each_other_and_with_text(string expression, bool expected)
    {
        var schema = new Schema(new Field("a", TypeKind.TimeMillis), new Field("b", TypeKind.TimeMicros));
        using var millis = new ColumnBuilder(TypeKind.TimeMillis);
        millis.Append(45_000_000);
        using var micros = new ColumnBuilder(TypeKind.TimeMicros);
        micros.Append(45_000_000_000L);
        using var batch = new RecordBatch(schema, [millis.Finish(), micros.Finish()], 1);
        using ColumnVector result = Expression.Parse(expression).Bind(schema).Evaluate(batch);
        Assert.Equal(expected, result.BooleanAt(0));
    }

    [Fact]
    public void Of_a_nested_column_only_its_nulls_can_be_asked_for()
    {
        var schema = new Schema(new Field("tags", ColumnType.List(TypeKind.String)));
        Assert.Equal(TypeKind.Boolean, Expression.Parse("tags IS NOT NULL").Bind(schema).Type);
        var error = Assert.Throws<ExpressionException>(() => Expression.Parse("tags = 'a'").Bind(schema));
        Assert.Contains("list<string>", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused_before_the_stack_ends()
    {
        string text = new string('(', 100_000) + "1" + new string(')', 100_000);
        Assert.Throws<ExpressionException>(() => Expression.Parse(text));
    }

    [Fact]
    public void And_or_and_not_follow_the_truth_tables_of_three_values()
    {
        bool?[] values = [true, false, null];
        var schema = new Schema(new Field("a", TypeKind.Boolean), new Field("b", TypeKind.Boolean));
        using var a = new ColumnBuilder(TypeKind.Boolean);
        using var b = new ColumnBuilder(TypeKind.Boolean);
        (bool? A, bool? B)[] pairs = [.. values.SelectMany(x => values.Select(y => (x, y)))];
        foreach ((bool? x, bool? y) in pairs)
        {
            Append(a, x);
            Append(b, y);
        }

        using var batch = new RecordBatch(schema, [a.Finish(), b.Finish()], pairs.Length);
        using ColumnVector and = Expression.Parse("a AND b").Bind(schema).Evaluate(batch);
        using ColumnVector or = Expression.Parse("a OR b").Bind(schema).Evaluate(batch);
        using ColumnVector not = Expression.Parse("NOT a").Bind(schema).Evaluate(batch);
        for (int i = 0; i < pairs.Length; i++)
        {
            Assert.Equal(pairs[i].A & pairs[i].B, and.IsValid(i) ? and.BooleanAt(i) : null);
            Assert.Equal(pairs[i].A | pairs[i].B, or.IsValid(i) ? or.BooleanAt(i) : null);
            Assert.Equal(!pairs[i].A, not.IsValid(i) ? not.BooleanAt(i) : null);
        }
    }

    [Fact]
    public void A_result_outlives_its_batch_and_a_column_by_itself_is_a_copy()
    {
        RecordBatch batch = Rows.Make(3);
        ColumnVector column = Expression.Parse("city").Bind(Rows.Schema).Evaluate(batch);
        Assert.NotSame(batch.Columns[0], column);
        batch.Dispose();
        Assert.Equal("c\u00e9", Encoding.UTF8.GetString(column.BytesAt(2)));
        column.Dispose();
    }

    private static void Append(ColumnBuilder builder, bool? value)
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

    private static void AssertText(string expression, string? expected)
    {
        // Every result is compared as text, in the first and in the last row of a batch that is no multiple of eight.
        (ColumnVector column, ColumnType type) = Evaluate(expression);
        using var batch = new RecordBatch(new Schema(new Field("x", type)), [column], column.Length);
        using ColumnVector text = Expression.Parse("CAST(x AS string)").Bind(batch.Schema).Evaluate(batch);
        Assert.Equal(expected, text.IsValid(0) ? Encoding.UTF8.GetString(text.BytesAt(0)) : null);
        Assert.Equal(expected, text.IsValid(10) ? Encoding.UTF8.GetString(text.BytesAt(10)) : null);
    }

    private static (ColumnVector Column, ColumnType Type) Evaluate(string expression)
    {
        BoundExpression bound = Expression.Parse(expression).Bind(Rows.Schema);
        using RecordBatch small = Rows.Make(2);
        bound.Evaluate(small).Dispose();
        using RecordBatch batch = Rows.Make(11);
        ColumnVector column = bound.Evaluate(batch);
        Assert.Equal((11, bound.Type), (column.Length, column.Type));
        return (column, bound.Type);
    }

    private static class Rows
    {
        internal static readonly Schema Schema = new(
            new Field("city", TypeKind.String), new Field("fare", TypeKind.Double), new Field("big", TypeKind.Int),
            new Field("nothing", TypeKind.Long), new Field("event_time", TypeKind.TimestampMillis), new Field("day", TypeKind.Date),
            new Field("price", ColumnType.Decimal(6, 2)), new Field("ok", TypeKind.Boolean), new Field("missing", TypeKind.String),
            new Field("odd name", TypeKind.Long));

        internal static RecordBatch Make(int rows)
        {
            ColumnBuilder[] builders = [.. Schema.Fields.Select(field => new ColumnBuilder(field.Type))];
            for (int i = 0; i < rows; i++)
            {
                builders[0].Append("c\u00e9"u8);
                builders[1].Append(28.5);
                builders[2].Append(7);
                builders[3].AppendNull();
                builders[4].Append(Noon);
                builders[5].Append((int)(Noon / 86_400_000));
                builders[6].Append((Int128)1234);
                builders[7].Append(true);
                builders[8].AppendNull();
                builders[9].Append(5L);
            }

            var batch = new RecordBatch(Schema, [.. builders.Select(builder => builder.Finish())], rows);
            foreach (ColumnBuilder builder in builders)
            {
                builder.Dispose();
            }

            return batch;
        }
    }
}
