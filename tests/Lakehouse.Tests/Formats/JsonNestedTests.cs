using System.Text;
using Lakehouse.Columns;
using Lakehouse.Formats;
using Lakehouse.Tests.Parquet;
using Xunit;

namespace Lakehouse.Tests.Formats;

public sealed class JsonNestedTests
{
    private static readonly ColumnType Page = ColumnType.Struct(
        new Field("url", TypeKind.String, Required: true),
        new Field("tags", ColumnType.List(TypeKind.String)),
        new Field("seen", TypeKind.Long));

    [Theory]
    [InlineData("""[1, null ,3]""", "[1,N,3]")]
    [InlineData("""[]""", "[]")]
    [InlineData("""null""", "N")]
    public void Lists_are_arrays(string json, string expected) => Assert.Equal([expected], Decode(ColumnType.List(TypeKind.Long), json));

    [Theory]
    [InlineData("""{"url":"a","tags":["x","y"],"seen":7}""", "{x61,[x78,x79],7}")]
    [InlineData("""{ "seen" : null , "other": {"deep": [1,{}]}, "url" : "\u0061" }""", "{x61,N,N}")]
    public void Structs_are_objects(string json, string expected) => Assert.Equal([expected], Decode(Page, json));

    [Theory]
    [InlineData("""{"a":1,"b":null,"\u00e4":3}""", "<x61=1,x62=N,xc3a4=3>")]
    [InlineData("""{ }""", "<>")]
    public void Maps_are_objects_with_names_as_keys(string json, string expected) =>
        Assert.Equal([expected], Decode(ColumnType.Map(TypeKind.String, TypeKind.Int), json));

    [Fact]
    public void Anything_nests_in_anything()
    {
        ColumnType type = ColumnType.Map(TypeKind.String, ColumnType.List(Page));
        Assert.Equal(
            ["<x6b=[{x75,[],N},N,{x76,N,-1}],x6c=N>"],
            Decode(type, """{"k":[{"url":"u","tags":[]},null,{"url":"v","seen":-1}],"l":null}"""));
    }

    [Theory]
    [InlineData("""{"url":"a","url":"b"}""", DecodeErrorKind.MalformedJson, "'url' appears twice")]
    [InlineData("""{"seen":1}""", DecodeErrorKind.MissingRequiredField, "'url' is required and is missing")]
    [InlineData("""{"url":null}""", DecodeErrorKind.MissingRequiredField, "'url' is required and is null")]
    [InlineData("""[1]""", DecodeErrorKind.WrongType, "Expected an object, found an array")]
    [InlineData("""{"url":"a","tags":{"x":1}}""", DecodeErrorKind.WrongType, "Expected an array, found an object")]
    [InlineData("""{"url":"a","tags":["x",5]}""", DecodeErrorKind.WrongType, "Expected a string, found a number")]
    [InlineData("""{"url":"a","tags":["x" "y"]}""", DecodeErrorKind.MalformedJson, "Expected ',' or ']'")]
    [InlineData("""{"url":"a",}""", DecodeErrorKind.MalformedJson, "Expected a field name in quotes")]
    [InlineData("""{"url":"a","tags":["x"]""", DecodeErrorKind.MalformedJson, "The message ends too early")]
    public void What_is_wrong_within_is_named_and_nothing_of_it_stays(string json, DecodeErrorKind kind, string reason)
    {
        using var decoder = new JsonDecoder(new Schema(new Field("page", Page)), new JsonDecoderOptions());
        Assert.True(decoder.TryDecode("""{"page":{"url":"first","tags":["t"]}}"""u8, out _));
        string message = json.EndsWith("[\"x\"]", StringComparison.Ordinal) ? $"{{\"page\":{json}" : $"{{\"page\":{json}}}";
        Assert.False(decoder.TryDecode(Encoding.UTF8.GetBytes(message), out DecodeError error));
        Assert.Equal(kind, error.Kind);
        Assert.Equal("page", error.Column);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.True(decoder.TryDecode("""{"page":{"url":"last"}}"""u8, out _));
        using RecordBatch rows = decoder.Finish();
        Assert.Equal(["{x6669727374,[x74],N}", "{x6c617374,N,N}"], Texts(rows));
    }

    private static string[] Decode(ColumnType type, string json)
    {
        using var decoder = new JsonDecoder(new Schema(new Field("c", type)), new JsonDecoderOptions());
        Assert.True(decoder.TryDecode(Encoding.UTF8.GetBytes($"{{\"c\": {json} }}"), out DecodeError error), error.Reason);
        using RecordBatch rows = decoder.Finish();
        return Texts(rows);
    }

    private static string[] Texts(RecordBatch rows) => [.. Enumerable.Range(0, rows.RowCount).Select(r => CanonicalText.Of(rows.Columns[0], r))];
}
