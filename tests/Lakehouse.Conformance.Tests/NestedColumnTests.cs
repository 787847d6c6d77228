using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Formats;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>Lists, maps and structs, from JSON to what foreign readers make of the table.</summary>
public sealed class NestedColumnTests
{
    private const int RowCount = 700;

    private static readonly Schema Schema = new(
        new Field("id", TypeKind.Long, Required: true),
        new Field("opens", TypeKind.TimeMillis),
        new Field("closes", TypeKind.TimeMicros),
        new Field("tags", ColumnType.List(TypeKind.String)),
        new Field("counts", ColumnType.Map(TypeKind.String, TypeKind.Long)),
        new Field("page", ColumnType.Struct(
            new Field("url", TypeKind.String, Required: true),
            new Field("price", ColumnType.Decimal(9, 2)),
            new Field("links", ColumnType.List(ColumnType.Struct(
                new Field("to", TypeKind.String), new Field("weights", ColumnType.List(TypeKind.Double, required: true))))))));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DuckDB_reads_nested_columns_as_they_came_from_JSON()
    {
        using var folder = new TemporaryFolder();
        HudiTable table = await MakeAsync(folder.Path);
        JsonElement rows = await ForeignReaders.DuckDb.QueryAsync(
            table,
            null,
            """
            select id::varchar as i, to_json(tags)::varchar as tags, to_json(counts)::varchar as counts, to_json(page)::varchar as page,
                opens::varchar as opens, closes::varchar as closes
            from {table} order by id
            """,
            Stop);
        JsonElement[] found = [.. rows.EnumerateArray()];
        Assert.Equal(RowCount, found.Length);
        for (int id = 0; id < RowCount; id++)
        {
            JsonElement expected = Row(id);
            Assert.Equal($"{id}", found[id].GetProperty("i").GetString());
            Assert.Equal($"{id % 24:d2}:30:00+00", found[id].GetProperty("opens").GetString());
            Assert.Equal(expected.GetProperty("closes").GetString() + "+00", found[id].GetProperty("closes").GetString());
            foreach (string column in new[] { "tags", "counts", "page" })
            {
                AssertSame(expected.GetProperty(column), Parse(found[id].GetProperty(column)), $"row {id}, {column}");
            }
        }
    }

    [Fact]
    public async Task Hudi_rs_reads_nested_columns_as_they_came_from_JSON()
    {
        await ForeignReaders.HudiRust.RequireAsync();
        using var folder = new TemporaryFolder();
        HudiTable table = await MakeAsync(folder.Path);
        TableReading reading = await ForeignReaders.HudiRust.ReadAsync(table.Store.Root, null, Stop);
        JsonElement[] found =
        [
            .. reading.Document.GetProperty("data").EnumerateArray().OrderBy(static r => r.GetProperty("id").GetInt64()),
        ];
        Assert.Equal(RowCount, found.Length);
        for (int id = 0; id < RowCount; id++)
        {
            foreach (string column in new[] { "tags", "counts", "page" })
            {
                AssertSame(Row(id).GetProperty(column), found[id].GetProperty(column), $"row {id}, {column}");
            }
        }
    }

    [Fact]
    public async Task Hudi_Java_reads_nested_columns()
    {
        await ForeignReaders.HudiJava.RequireAsync();
        using var folder = new TemporaryFolder();
        HudiTable table = await MakeAsync(folder.Path);
        TableReading reading = await ForeignReaders.HudiJava.ReadAsync(table.Store.Root, null, 3, Stop);
        Assert.Equal(RowCount, reading.RowCount);
        long nulls = Enumerable.Range(0, RowCount).Count(id => Row(id).GetProperty("page").ValueKind == JsonValueKind.Null);
        Assert.Equal(nulls, reading.Columns["page"].NullCount);
    }

    /// <summary>One commit of rows decoded from JSON, in small pages and row groups.</summary>
    private static async Task<HudiTable> MakeAsync(string folder)
    {
        var random = new Random(7);
        var config = new TableConfig { Name = "nested", Schema = Schema };
        HudiTable table = await HudiTable.CreateAsync(new LocalObjectStore(folder), config, TimeProvider.System, random, Stop);
        var options = new BaseFileOptions { Parquet = SampleTable.SmallPages, WriteToken = "0-0-0" };
        using var writer = new BaseFileWriter(table, "", HudiTable.StagingFolder("p", "w", "a", 1), options, null);
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        using var offsets = new ColumnBuilder(TypeKind.Long);
        for (int id = 0; id < RowCount; id++)
        {
            Assert.True(decoder.TryDecode(Encoding.UTF8.GetBytes(Row(id).GetRawText()), out DecodeError error), error.Reason);
            offsets.Append((long)id);
        }

        using (RecordBatch rows = decoder.Finish())
        using (ColumnVector of = offsets.Finish())
        {
            writer.Write(rows, new RowIdentity("t-0-"u8.ToArray(), of));
        }

        StagedFile file = await writer.CompleteAsync(Stop);
        var range = new OffsetRange(new LedgerKey("p", "c", "t", 0), 0, RowCount, 1, "id", RowCount, RowCount, 0, 0, 0, null, null);
        var committer = new TableCommitter(table, "w", "a", new CommitterOptions(), TimeProvider.System, random);
        await committer.RecoverAsync(Stop);
        CommitResult result = await committer.CommitAsync(
            new Committable([file], [range], new CheckpointReference("p", "w", 1, "p/w/a/1"), 0, []), Stop);
        Assert.IsType<CommitResult.Committed>(result);
        return table;
    }

    /// <summary>Nulls, empties and values at every level, each kind at its own pace.</summary>
    private static JsonElement Row(int id)
    {
        string tags = (id % 5) switch { 0 => "null", 1 => "[]", 2 => "[null]", _ => $"[\"t{id % 7}\",null,\"ü\"]" };
        string counts = (id % 4) switch { 0 => "null", 1 => "{}", _ => $"{{\"a\":{id},\"b{id % 3}\":null}}" };
        string weights = id % 2 == 0 ? "[]" : $"[0.5,{id % 11}.25]";
        string links = (id % 6) switch
        {
            0 => "null",
            1 => "[]",
            2 => "[null]",
            _ => $"[{{\"to\":\"x{id % 9}\",\"weights\":{weights}}},null,{{\"to\":null,\"weights\":null}}]",
        };
        string page = id % 7 == 0 ? "null" : $"{{\"url\":\"u{id}\",\"price\":{id % 100}.25,\"links\":{links}}}";
        string times = $"\"opens\":\"{id % 24:d2}:30\",\"closes\":\"23:{id % 60:d2}:00.000001\"";
        using JsonDocument row = JsonDocument.Parse($"{{\"id\":{id},{times},\"tags\":{tags},\"counts\":{counts},\"page\":{page}}}");
        return row.RootElement.Clone();
    }

    private static JsonElement Parse(JsonElement text)
    {
        using JsonDocument parsed = JsonDocument.Parse(text.ValueKind == JsonValueKind.Null ? "null" : text.GetString()!);
        return parsed.RootElement.Clone();
    }

    /// <summary>Equal values, however a reader writes numbers and maps: an object, or a list of pairs.</summary>
    private static void AssertSame(JsonElement expected, JsonElement found, string where)
    {
        if (expected.ValueKind == JsonValueKind.Object && found.ValueKind == JsonValueKind.Array)
        {
            JsonElement[] pairs = [.. found.EnumerateArray()];
            Assert.Equal(expected.EnumerateObject().Select(static p => p.Name), pairs.Select(static p => p[0].GetString()));
            foreach ((JsonProperty property, JsonElement pair) in expected.EnumerateObject().Zip(pairs))
            {
                AssertSame(property.Value, pair[1], where);
            }

            return;
        }

        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.True(found.ValueKind == JsonValueKind.Object, $"{where}: {found}");
                foreach (JsonProperty property in expected.EnumerateObject())
                {
                    AssertSame(property.Value, found.GetProperty(property.Name), where);
                }

                break;
            case JsonValueKind.Array:
                Assert.True(found.ValueKind == JsonValueKind.Array && found.GetArrayLength() == expected.GetArrayLength(), $"{where}: {found}");
                foreach ((JsonElement one, JsonElement other) in expected.EnumerateArray().Zip(found.EnumerateArray()))
                {
                    AssertSame(one, other, where);
                }

                break;
            case JsonValueKind.Number:
                Assert.Equal(expected.GetDecimal(), decimal.Parse(found.ToString(), System.Globalization.CultureInfo.InvariantCulture));
                break;
            default:
                Assert.True(expected.ToString() == found.ToString(), $"{where}: {found}");
                break;
        }
    }
}
