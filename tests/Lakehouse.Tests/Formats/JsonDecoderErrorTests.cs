using System.Text;
using Lakehouse.Columns;
using Lakehouse.Formats;
using Xunit;

namespace Lakehouse.Tests.Formats;

public sealed class JsonDecoderErrorTests
{
    private static readonly Schema Schema = new(
        new Field("id", TypeKind.String, Required: true), new Field("count", TypeKind.Long), new Field("small", TypeKind.Int),
        new Field("fare", TypeKind.Double), new Field("ratio", TypeKind.Float), new Field("open", TypeKind.Boolean),
        new Field("day", TypeKind.Date), new Field("at", TypeKind.TimestampMillis), new Field("price", ColumnType.Decimal(5, 2)),
        new Field("blob", TypeKind.Binary));

    [Theory]
    [InlineData("""{"id":"a","count":"1"}""", "WrongType", "count", 18)]
    [InlineData("""{"id":"a","count":1.5}""", "WrongType", "count", 18)]
    [InlineData("""{"id":"a","count":true}""", "WrongType", "count", 18)]
    [InlineData("""{"id":"a","count":{"x":[1]}}""", "WrongType", "count", 18)]
    [InlineData("""{"id":5}""", "WrongType", "id", 6)]
    [InlineData("""{"id":["a"]}""", "WrongType", "id", 6)]
    [InlineData("""{"id":"a","fare":"1.0"}""", "WrongType", "fare", 17)]
    [InlineData("""{"id":"a","open":1}""", "WrongType", "open", 17)]
    [InlineData("""{"id":"a","day":"2026-02-29"}""", "WrongType", "day", 16)]
    [InlineData("""{"id":"a","day":"2026-1-1"}""", "WrongType", "day", 16)]
    [InlineData("""{"id":"a","at":"yesterday"}""", "WrongType", "at", 15)]
    [InlineData("""{"id":"a","at":"2026-01-01T24:00:00Z"}""", "WrongType", "at", 15)]
    [InlineData("""{"id":"a","price":"ten"}""", "WrongType", "price", 18)]
    [InlineData("""{"id":"a","blob":"not base64!"}""", "WrongType", "blob", 17)]
    [InlineData("""{"count":1}""", "MissingRequiredField", "id", 10)]
    [InlineData("{}", "MissingRequiredField", "id", 1)]
    [InlineData("""{"id":null}""", "MissingRequiredField", "id", 6)]
    [InlineData("""{"id":"a","count":9223372036854775808}""", "NumberOutOfRange", "count", 18)]
    [InlineData("""{"id":"a","count":-9223372036854775809}""", "NumberOutOfRange", "count", 18)]
    [InlineData("""{"id":"a","count":1e19}""", "NumberOutOfRange", "count", 18)]
    [InlineData("""{"id":"a","small":2147483648}""", "NumberOutOfRange", "small", 18)]
    [InlineData("""{"id":"a","day":-2147483649}""", "NumberOutOfRange", "day", 16)]
    [InlineData("""{"id":"a","fare":1e400}""", "NumberOutOfRange", "fare", 17)]
    [InlineData("""{"id":"a","fare":-1e99999999999}""", "NumberOutOfRange", "fare", 17)]
    [InlineData("""{"id":"a","ratio":3.5e38}""", "NumberOutOfRange", "ratio", 18)]
    [InlineData("""{"id":"a","price":1000}""", "NumberOutOfRange", "price", 18)]
    [InlineData("""{"id":"a","price":1.234}""", "NumberOutOfRange", "price", 18)]
    [InlineData("""{"id":"a","price":"1.001"}""", "NumberOutOfRange", "price", 18)]
    [InlineData("""{"id":"a","price":1e400}""", "NumberOutOfRange", "price", 18)]
    [InlineData("""{"id":"a","id":"b"}""", "MalformedJson", "id", 15)]
    [InlineData("""{"id":"a","count":null,"count":1}""", "MalformedJson", "count", 31)]
    [InlineData("""{"id":"a","count":nul}""", "MalformedJson", "count", 18)]
    [InlineData("""{"id":"a","open":tru}""", "MalformedJson", "open", 17)]
    [InlineData("""{"id":"a","count":01}""", "MalformedJson", "count", 18)]
    [InlineData("""{"id":"a","count":-}""", "MalformedJson", "count", 19)]
    [InlineData("""{"id":"a","fare":1.}""", "MalformedJson", "fare", 19)]
    [InlineData("""{"id":"a","fare":1.e5}""", "MalformedJson", "fare", 19)]
    [InlineData("""{"id":"a","fare":1e}""", "MalformedJson", "fare", 19)]
    [InlineData("""{"id":"a","fare":.5}""", "MalformedJson", "fare", 17)]
    [InlineData("""{"id":"a","fare":NaN}""", "MalformedJson", "fare", 17)]
    [InlineData("""{"id":"a\x"}""", "MalformedJson", "id", 8)]
    [InlineData("""{"id":"a\u12g4"}""", "MalformedJson", "id", 8)]
    [InlineData("{\"id\":\"a\tb\"}", "MalformedJson", "id", 8)]
    [InlineData("{\"id\":\"a\0b\"}", "MalformedJson", "id", 8)]
    [InlineData("""{"id":"a" "count":1}""", "MalformedJson", null, 10)]
    [InlineData("""{"id":"a",}""", "MalformedJson", null, 10)]
    [InlineData("""{,"id":"a"}""", "MalformedJson", null, 1)]
    [InlineData("""{"id":"a"}}""", "MalformedJson", null, 10)]
    [InlineData("""{"id":"a"} {"id":"b"}""", "MalformedJson", null, 11)]
    [InlineData("""{"id":"a"},""", "MalformedJson", null, 10)]
    [InlineData("""{"id":"a""", "MalformedJson", "id", 8)]
    [InlineData("""{"id":"a" """, "MalformedJson", null, 10)]
    [InlineData("""{"id" "a"}""", "MalformedJson", null, 6)]
    [InlineData("""{id:"a"}""", "MalformedJson", null, 1)]
    [InlineData("{", "MalformedJson", null, 1)]
    [InlineData("", "MalformedJson", null, 0)]
    [InlineData("   ", "MalformedJson", null, 3)]
    [InlineData("[1]", "WrongType", null, 0)]
    [InlineData(" null", "WrongType", null, 1)]
    [InlineData("""{"id":"a","other":[1,2}""", "MalformedJson", null, 22)]
    [InlineData("""{"id":"a","other":{"x":1]}""", "MalformedJson", null, 24)]
    [InlineData("""{"id":"a","other":{1:2}}""", "MalformedJson", null, 19)]
    [InlineData("""{"id":"a","other":[1,]}""", "MalformedJson", null, 21)]
    [InlineData("""{"id":"\ud83d"}""", "InvalidUtf8", "id", 7)]
    [InlineData("""{"id":"\ude00x"}""", "InvalidUtf8", "id", 7)]
    [InlineData("""{"id":"\ud83d\u0041"}""", "InvalidUtf8", "id", 7)]
    public void Each_error_names_kind_column_and_byte(string message, string kind, string? column, int offset)
    {
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        Assert.False(decoder.TryDecode(Encoding.UTF8.GetBytes(message), out DecodeError error));
        Assert.Equal((kind, column, offset), (error.Kind.ToString(), error.Column, error.ByteOffset));
        Assert.NotEmpty(error.Reason);
        AssertEmpty(decoder);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_name_the_column_they_are_in()
    {
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        Assert.False(decoder.TryDecode([.. "{\"count\":1,\"id\":\"a"u8, 0xC3, .. "\"}"u8], out DecodeError inValue));
        Assert.Equal((DecodeErrorKind.InvalidUtf8, "id", 18), (inValue.Kind, inValue.Column, inValue.ByteOffset));
        Assert.False(decoder.TryDecode([.. "{\"id\":\"a\",\"x"u8, 0xFF, .. "\":1}"u8], out DecodeError inName));
        Assert.Equal((DecodeErrorKind.InvalidUtf8, null, 12), (inName.Kind, inName.Column, inName.ByteOffset));
        AssertEmpty(decoder);
    }

    [Fact]
    public void A_message_beyond_the_limit_is_oversized_and_one_at_the_limit_is_not()
    {
        byte[] message = "{\"id\":\"abc\"}"u8.ToArray();
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions { RecordBytesMax = message.Length });
        Assert.True(decoder.TryDecode(message, out _));
        Assert.False(decoder.TryDecode([.. message, (byte)' '], out DecodeError error));
        Assert.Equal(DecodeErrorKind.Oversized, error.Kind);
        Assert.Equal(1, decoder.RowCount);
    }

    [Theory]
    [InlineData(JsonText.DepthMax, true)]
    [InlineData(JsonText.DepthMax + 1, false)]
    public void Skipped_values_nest_to_a_limit(int depth, bool accepted)
    {
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        string message = "{\"other\":" + new string('[', depth) + new string(']', depth) + ",\"id\":\"a\"}";
        Assert.Equal(accepted, decoder.TryDecode(Encoding.UTF8.GetBytes(message), out _));
    }

    [Fact]
    public void A_message_that_ends_too_early_says_so()
    {
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        byte[] whole = """{"id":"a","count":1,"other":{"x":[true,"y"]},"fare":1.5e3 }"""u8.ToArray();
        Assert.True(decoder.TryDecode(whole, out _));
        for (int length = 1; length < whole.Length; length++)
        {
            Assert.False(decoder.TryDecode(whole.AsSpan(0, length), out DecodeError error));
            Assert.Equal(DecodeErrorKind.MalformedJson, error.Kind);
        }

        Assert.Equal(1, decoder.RowCount);
    }

    [Fact]
    public void A_bad_record_leaves_the_columns_as_they_were()
    {
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        string good = """{"id":"ok","count":1,"small":2,"fare":3.5,"ratio":0.5,"open":true,"day":1,"at":2,"price":3.25,"blob":"AQI="}""";
        string nulls = """{"id":"nulls","open":null}""";
        string bad = good.Replace("\"AQI=\"", "7", StringComparison.Ordinal);
        string badAfterNulls = """{"id":"x","fare":null,"open":null,"blob":null,"count":"bad"}""";
        foreach (string message in new[] { bad, good, badAfterNulls, nulls, bad, good, badAfterNulls, good, bad })
        {
            decoder.TryDecode(Encoding.UTF8.GetBytes(message), out _);
        }

        using RecordBatch batch = decoder.Finish();
        Assert.Equal(4, batch.RowCount);
        Assert.Equal(["ok", "nulls", "ok", "ok"], Enumerable.Range(0, 4).Select(i => Encoding.UTF8.GetString(batch.Columns[0].BytesAt(i))));
        for (int i = 0; i < 4; i++)
        {
            Assert.All(batch.Columns.Skip(1), column => Assert.Equal(i != 1, column.IsValid(i)));
            Assert.Equal(i == 1 ? 0 : 3.5, batch.Columns[3].Values<double>()[i]);
            Assert.Equal(i != 1, batch.Columns[5].BooleanAt(i));
            Assert.Equal(i == 1 ? [] : new byte[] { 1, 2 }, batch.Columns[9].BytesAt(i).ToArray());
        }
    }

    private static void AssertEmpty(JsonDecoder decoder)
    {
        Assert.Equal(0, decoder.RowCount);
        foreach (ColumnBuilder builder in decoder.Builders)
        {
            Assert.Equal(0, builder.Length);
        }
    }
}
