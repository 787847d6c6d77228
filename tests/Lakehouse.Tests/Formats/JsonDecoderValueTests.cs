using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Formats;
using Xunit;

namespace Lakehouse.Tests.Formats;

public sealed class JsonDecoderValueTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("0", 0L)]
    [InlineData("-0", 0L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("999999999999999999", 999999999999999999L)]
    [InlineData("1.0", 1L)]
    [InlineData("12.50e1", 125L)]
    [InlineData("1e3", 1000L)]
    [InlineData("1000e-3", 1L)]
    [InlineData("0e99999999999999", 0L)]
    public void Integers_are_read_exactly(string json, long expected)
    {
        using ColumnVector column = Decode(TypeKind.Long, json);
        Assert.Equal(expected, column.Values<long>()[0]);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-0.0")]
    [InlineData("1.7976931348623157e308")]
    [InlineData("4.9406564584124654e-324")]
    [InlineData("2.2250738585072011e-308")]
    [InlineData("2.2250738585072014E-308")]
    [InlineData("1e-400")]
    [InlineData("9007199254740993")]
    [InlineData("9007199254740992e22")]
    [InlineData("9007199254740993e-22")]
    [InlineData("0.1000000000000000055511151231257827021181583404541015625")]
    [InlineData("100000000000000000000000000000000000000000000000000")]
    [InlineData("0.00000000000000000000000000000000000000000123")]
    [InlineData("18446744073709551616")]
    [InlineData("8.5")]
    [InlineData("-121.38604")]
    public void Doubles_are_the_nearest(string json)
    {
        using ColumnVector column = Decode(TypeKind.Double, json);
        double expected = double.Parse(json, CultureInfo.InvariantCulture);
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), column.Values<long>()[0]);
        using ColumnVector single = Decode(TypeKind.Float, json.Replace("e308", "e8", StringComparison.Ordinal)
            .Replace("e22", "e2", StringComparison.Ordinal)
            .Replace("000000000000000000000000000000000000000000000000", "", StringComparison.Ordinal));
        Assert.False(float.IsNaN(single.Values<float>()[0]));
    }

    [Fact]
    public void Random_doubles_and_floats_round_trip()
    {
        int seed = Environment.ProcessId ^ (int)DateTime.UtcNow.Ticks;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var schema = new Schema(new Field("d", TypeKind.Double), new Field("f", TypeKind.Float));
        using var decoder = new JsonDecoder(schema, new JsonDecoderOptions());
        var expected = new List<(double D, float F)>();
        while (expected.Count < 100_000)
        {
            double d = random.Next(3) switch
            {
                0 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
                1 => Math.Round(random.NextDouble() * 1000, random.Next(10)),
                _ => random.NextInt64() * Math.Pow(10, random.Next(-30, 30)),
            };
            float f = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (!double.IsFinite(d) || !float.IsFinite(f))
            {
                continue;
            }

            string format = random.Next(2) == 0 ? "R" : "E16";
            string text = d.ToString(format, CultureInfo.InvariantCulture);
            string json = string.Create(CultureInfo.InvariantCulture, $"{{\"d\":{text},\"f\":{f:R}}}");
            Assert.True(decoder.TryDecode(Encoding.UTF8.GetBytes(json), out DecodeError error), $"{json}: {error}");
            expected.Add((double.Parse(text, CultureInfo.InvariantCulture), f));
        }

        using RecordBatch batch = decoder.Finish();
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(expected[i].D), batch.Columns[0].Values<long>()[i]);
            Assert.Equal(BitConverter.SingleToInt32Bits(expected[i].F), batch.Columns[1].Values<int>()[i]);
        }
    }

    [Theory]
    [InlineData("0.1", 1, "10")]
    [InlineData("\"12.5\"", 1, "1250")]
    [InlineData("-1.20", 1, "-120")]
    [InlineData("1.2000000", 1, "120")]
    [InlineData("1.5e1", 1, "1500")]
    [InlineData("\"\\u0031\"", 1, "100")]
    [InlineData("999.99", 1, "99999")]
    [InlineData("-0", 1, "0")]
    [InlineData("0.00000", 1, "0")]
    [InlineData("99999999999999999999999999999999999999", 2, "99999999999999999999999999999999999999")]
    [InlineData("-99999999999999999999999999999999999999", 2, "-99999999999999999999999999999999999999")]
    [InlineData("1e37", 2, "10000000000000000000000000000000000000")]
    public void Decimals_keep_every_digit(string json, int type, string unscaled)
    {
        using ColumnVector column = Decode(type == 1 ? ColumnType.Decimal(5, 2) : ColumnType.Decimal(38, 0), json);
        Assert.Equal(Int128.Parse(unscaled, CultureInfo.InvariantCulture), column.Values<Int128>()[0]);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-1", -1)]
    [InlineData("\"1970-01-01\"", 0)]
    [InlineData("\"1969-12-31\"", -1)]
    [InlineData("\"2024-02-29\"", 19782)]
    [InlineData("\"0001-01-01\"", -719162)]
    [InlineData("\"2024-02\\u002d29\"", 19782)]
    public void Dates_are_days_or_text(string json, int days)
    {
        using ColumnVector column = Decode(TypeKind.Date, json);
        Assert.Equal(days, column.Values<int>()[0]);
    }

    [Theory]
    [InlineData("1763510400000", 1763510400000L)]
    [InlineData("\"2025-11-19T00:00:00Z\"", 1763510400000000L)]
    [InlineData("\"2025-11-19T00:00:00.123456789Z\"", 1763510400123456L)]
    [InlineData("\"2025-11-19t00:00:00.5z\"", 1763510400500000L)]
    [InlineData("\"2025-11-19 01:30:00+01:30\"", 1763510400000000L)]
    [InlineData("\"2025-11-18T19:00-0500\"", 1763510400000000L)]
    [InlineData("\"2025-11-19T00:00:00\"", 1763510400000000L)]
    [InlineData("\"2025-11-19\"", 1763510400000000L)]
    [InlineData("\"1969-12-31T23:59:59.999999Z\"", -1L)]
    public void Timestamps_are_numbers_of_their_unit_or_text(string json, long micros)
    {
        using ColumnVector exact = Decode(TypeKind.TimestampMicros, json);
        Assert.Equal(micros, exact.Values<long>()[0]);
        using ColumnVector millis = Decode(TypeKind.TimestampMillis, json);
        Assert.Equal(json.StartsWith('"') ? (long)Math.Floor(micros / 1000m) : micros, millis.Values<long>()[0]);
    }

    [Theory]
    [InlineData("2025-11-19T00:00:60Z")]
    [InlineData("2025-11-19T00:60Z")]
    [InlineData("2025-11-19T00Z")]
    [InlineData("2025-11-19T00:00:00.Z")]
    [InlineData("2025-11-19T00:00:00.1234567890Z")]
    [InlineData("2025-11-19T00:00:00+1")]
    [InlineData("2025-11-19T00:00:00+01:60")]
    [InlineData("2025-11-19T00:00:00ZZ")]
    [InlineData("2025-11-19T00:00:00 Z")]
    [InlineData("2025-13-19T00:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2025/11/19")]
    [InlineData("")]
    public void What_is_no_time_is_refused(string text) => Assert.False(IsoDateTime.TryParseTimestamp(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("\"\"", "")]
    [InlineData("\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\"", "a\"b\\c/d\b\f\n\r\t")]
    [InlineData("\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\u00e9\u20ac\U0001F600")]
    [InlineData("\"\\u0000\"", "\0")]
    [InlineData("\"\u00e9 \U0001F600 plain text that is longer than one vector of the scanner, twice over\"",
        "\u00e9 \U0001F600 plain text that is longer than one vector of the scanner, twice over")]
    public void Strings_resolve_their_escapes(string json, string expected)
    {
        using ColumnVector column = Decode(TypeKind.String, json);
        Assert.Equal(expected, Encoding.UTF8.GetString(column.BytesAt(0)));
    }

    [Theory]
    [InlineData("\"\"", "")]
    [InlineData("\"AAEC/w==\"", "000102FF")]
    [InlineData("\"AAEC\\/w==\"", "000102FF")]
    public void Binary_is_base64(string json, string hex)
    {
        using ColumnVector column = Decode(TypeKind.Binary, json);
        Assert.Equal(hex, Convert.ToHexString(column.BytesAt(0)));
    }

    [Theory]
    [InlineData("\"12:30\"", 45_000_000_000L)]
    [InlineData("\"23:59:59.999999\"", 86_399_999_999L)]
    [InlineData("\"00:00:01.5\"", 1_500_000L)]
    [InlineData("7", 7L)]
    public void Times_of_day_are_text_or_a_number_of_their_unit(string json, long micros)
    {
        using ColumnVector column = Decode(TypeKind.TimeMicros, json);
        Assert.Equal(micros, column.Values<long>()[0]);
        using ColumnVector millis = Decode(TypeKind.TimeMillis, json);
        Assert.Equal(json == "7" ? 7 : (int)(micros / 1000), millis.Values<int>()[0]);
    }

    [Fact]
    public void Null_and_missing_are_null()
    {
        foreach (TypeKind kind in ColumnType.ScalarKinds)
        {
            ColumnType type = kind == TypeKind.Decimal ? ColumnType.Decimal(9, 1) : kind;
            using ColumnVector column = Decode(type, "null");
            Assert.False(column.IsValid(0));
            using ColumnVector missing = DecodeMessage(type, "{\"other\":1}");
            Assert.False(missing.IsValid(0));
        }
    }

    private static ColumnVector Decode(ColumnType type, string json) => DecodeMessage(type, "{ \"c\" : " + json + " }");

    private static ColumnVector DecodeMessage(ColumnType type, string message)
    {
        using var decoder = new JsonDecoder(new Schema(new Field("c", type)), new JsonDecoderOptions());
        Assert.True(decoder.TryDecode(Encoding.UTF8.GetBytes(message), out DecodeError error), error.ToString());
        using RecordBatch batch = decoder.Finish();
        return batch.Detach()[0];
    }
}
