using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Lakehouse.Ingest;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Ingest;

/// <summary>
/// <c>config/pipeline.schema.json</c>, by which editors complete and check pipelines, beside the parser: each mapping has the keys that the
/// parser knows there, what the schema allows is read, and what it forbids is refused.
/// </summary>
public sealed class PipelineSchemaFileTests
{
    private const string Unknown = "zzzzzzzzzzzzzzzzzzzz";

    private static readonly JsonNode Root = JsonNode.Parse(
        File.ReadAllText(Path.Combine(Surroundings.RepositoryRoot, "config", "pipeline.schema.json")))!; // the schema is no null

    [Fact]
    public void Each_mapping_has_the_keys_that_the_parser_knows()
    {
        int count = 0;
        foreach ((string[] path, JsonNode mapping) in Nodes([], Root).Where(static n => IsClosed(n.Schema)))
        {
            JsonObject document = Sample(Root, path)!.AsObject();
            At(document, path).AsObject()[Unknown] = 1;
            string[] known = KnownHere(document);

            // A step has one of two keys. The parser reads a route's table like the first one's, and then refuses its Kafka columns.
            string[] others = path switch
            {
                ["steps", _] => ["filter", "derive"],
                ["routes", _, "table"] => ["kafka_columns"],
                _ => [],
            };
            Assert.Equal(known.Order(), Properties(mapping).Union(others).Order());
            count++;
        }

        Assert.True(count > 15, $"Only {count} mappings.");
    }

    [Theory]
    [InlineData("int", "")]
    [InlineData("list", "\"items\": \"int\"")]
    [InlineData("map", "\"values\": { \"type\": \"int\", \"required\": true }")]
    [InlineData("struct", "\"fields\": [ { \"name\": \"a\", \"type\": \"int\" } ]")]
    public void A_column_has_the_keys_of_its_type(string type, string more)
    {
        string[] known = KnownHere(WithColumn($$"""{ "name": "a", "type": "{{type}}", {{more}}{{(more.Length > 0 ? "," : "")}} "{{Unknown}}": 1 }"""));
        Assert.Equal(["name", "type", "required"], known.Except(["items", "values", "fields"]));
        JsonNode column = Root["$defs"]!["column"]!;
        Assert.All(known, key => Assert.Contains(key, Properties(column)));
        Assert.Equal(Properties(column).Except(["name"]), Properties(Root["$defs"]!["type"]!));
    }

    [Fact]
    public void The_plain_types_are_those_that_the_parser_knows()
    {
        JsonNode scalar = Root["$defs"]!["scalar"]!;
        string[] types = [.. scalar["examples"]!.AsArray().Select(static e => (string)e!)];
        foreach (string type in types)
        {
            Assert.Matches((string)scalar["pattern"]!, type);
            Parse(WithColumn($$"""{ "name": "a", "type": "{{type}}" }"""));
        }

        string[] known = KnownHere(WithColumn($$"""{ "name": "a", "type": "{{Unknown}}" }"""));
        Assert.Equal([.. types.Append("list").Append("map").Append("struct").Order()], known.Order());
    }

    [Fact]
    public void What_the_schema_allows_is_read_and_what_it_forbids_is_refused()
    {
        int allowed = 0;
        int forbidden = 0;
        foreach ((string[] path, JsonNode node) in Nodes([], Root).Where(static n => n.Path.Length > 0))
        {
            foreach (JsonNode? value in Allowed(node))
            {
                Parse(With(path, value!)); // no null is allowed anywhere
                allowed++;
            }

            foreach (JsonNode value in Forbidden(node))
            {
                var error = Assert.Throws<PipelineDefinitionException>(() => Parse(With(path, value)));
                Assert.Contains(value is JsonArray list ? (string)list[0]! : path[^1], error.Message, StringComparison.Ordinal);
                forbidden++;
            }
        }

        Assert.True(allowed > 80 && forbidden > 40, $"Only {allowed} and {forbidden} values.");
    }

    [Fact]
    public void What_is_required_is_missed()
    {
        foreach ((string[] path, JsonNode mapping) in Nodes([], Root).Where(static n => n.Schema["required"] is not null && n.Path is not ["steps", _]))
        {
            foreach (string key in mapping["required"]!.AsArray().Select(static k => (string)k!))
            {
                JsonObject document = Sample(Root, path)!.AsObject();
                At(document, path).AsObject().Remove(key);
                Assert.Contains($"needs '{key}'", Assert.Throws<PipelineDefinitionException>(() => Parse(document)).Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_schema_allows_a_variable_where_the_parser_replaces_it_and_nowhere_else()
    {
        int allowed = 0;
        int forbidden = 0;
        foreach ((string[] path, JsonNode node) in Nodes([], Root).Where(static n => n.Path.Length > 0))
        {
            JsonNode sample = Sample(node, []);
            bool isAllowed = AllowsVariable(node);
            Assert.Equal((path, isAllowed), (path, Reads(With(path, "${VARIABLE}"), sample)));
            _ = isAllowed ? allowed++ : forbidden++;
            if (sample is JsonArray and [JsonValue first, ..])
            {
                Assert.Equal((path, AllowsVariable(node["items"]!)), (path, Reads(With(path, new JsonArray("${VARIABLE}")), first)));
            }
        }

        Assert.True(allowed > 40 && forbidden > 20, $"Only {allowed} and {forbidden} values.");
    }

    [Theory]
    [InlineData("name", "column", """{ "name": "${VARIABLE}", "type": "int" }""")]
    [InlineData("type", "int", """{ "name": "column", "type": "${VARIABLE}" }""")]
    [InlineData("type", "list", """{ "name": "column", "type": "${VARIABLE}", "items": "int" }""")]
    [InlineData("required", "true", """{ "name": "column", "type": "int", "required": "${VARIABLE}" }""")]
    [InlineData("items", "int", """{ "name": "column", "type": "list", "items": "${VARIABLE}" }""")]
    [InlineData("values", "int", """{ "name": "column", "type": "map", "values": "${VARIABLE}" }""")]
    [InlineData("fields", "column", """{ "name": "column", "type": "struct", "fields": "${VARIABLE}" }""")]
    public void So_it_does_in_columns(string key, string value, string column) =>
        Assert.Equal(AllowsVariable(Root["$defs"]!["column"]!["properties"]![key]!), Reads(WithColumn(column), value));

    /// <summary>The values below a schema, each with its path in a document; columns are looked at by themselves.</summary>
    private static IEnumerable<(string[] Path, JsonNode Schema)> Nodes(string[] path, JsonNode schema)
    {
        schema = Resolved(schema);
        yield return (path, schema);
        IEnumerable<(string Key, JsonNode Schema)> below = path is ["schema"] ? [] : schema switch
        {
            _ when schema["properties"] is JsonObject properties => properties.Select(static p => (p.Key, p.Value!)),
            _ when Alternatives(schema) is { } steps => steps.Select(static (s, i) => ($"{i}", s!)),
            _ when schema["items"] is { } items && Resolved(items)["properties"] is not null => [("0", items)],
            _ => [],
        };
        foreach ((string[] Path, JsonNode Schema) node in below.SelectMany(b => Nodes([.. path, b.Key], b.Schema)))
        {
            yield return node;
        }
    }

    private static IEnumerable<JsonNode?> Allowed(JsonNode schema) => schema switch
    {
        _ when schema["anyOf"] is JsonArray any => any.SelectMany(static a => Allowed(Resolved(a!))),
        _ when schema["enum"] is JsonArray words => words,
        _ when IsOf(schema, "boolean") => [true, false],
        _ when IsOf(schema, "integer") => [(int)schema["minimum"]!, (int)schema["maximum"]!, .. schema["examples"]!.AsArray()],
        _ => schema["examples"]?.AsArray() ?? [],
    };

    private static IEnumerable<JsonNode> Forbidden(JsonNode schema) => schema switch
    {
        _ when schema["anyOf"] is not null || schema["enum"] is not null => [Unknown],
        _ when IsOf(schema, "integer") => [(int)schema["minimum"]! - 1L, (int)schema["maximum"]! + 1L, "@", "${1}"],
        _ when schema["pattern"] is not null => ["@", "${1}"],
        _ when schema["items"]?["anyOf"]?[0]?["enum"] is not null => [new JsonArray(Unknown)],
        _ => [],
    };

    /// <summary>A document with this value and otherwise only what must be there.</summary>
    private static JsonObject With(string[] path, JsonNode value)
    {
        JsonObject whole = Sample(Root, path)!.AsObject();
        JsonNode mapping = At(whole, path[..^1]);
        if (mapping is JsonObject of)
        {
            string[] keep = path switch
            {
                ["s3", "kms_key"] => ["encryption"],
                ["compaction", ..] => ["small_files"],
                [var part] when part is not ("schema" or "schema_file") => ["schema"],
                _ => [],
            };
            string[] required = [.. SchemaAt(path[..^1])["required"]?.AsArray().Select(static r => (string)r!) ?? [], .. keep];
            foreach (string key in of.Select(static p => p.Key).Where(k => !required.Contains(k)).ToArray())
            {
                of.Remove(key);
            }

            of[path[^1]] = value.DeepClone();
        }
        else
        {
            mapping.AsArray()[int.Parse(path[^1], null)] = value.DeepClone();
        }

        return whole;
    }

    /// <summary>A document that has every key on the way to a place, and there all of them.</summary>
    private static JsonNode Sample(JsonNode schema, string[] path)
    {
        schema = Resolved(schema);
        if (schema["properties"] is JsonObject properties)
        {
            var sample = new JsonObject();
            foreach ((string key, JsonNode? below) in properties.Where(static p => p.Key != "schema_file"))
            {
                sample[key] = Sample(below!, path is [var next, .. var rest] && next == key ? rest : []);
            }

            return sample;
        }

        if (Alternatives(schema) is { } alternatives)
        {
            return new JsonArray([.. alternatives.Select(static a => Sample(a!, []))]);
        }

        return (schema["examples"]?[0] ?? schema["enum"]?[0])?.DeepClone()
            ?? (schema["items"] is { } items ? new JsonArray(Sample(items, path is [_, .. var rest2] ? rest2 : []))
                : schema["anyOf"] is { } any ? Sample(any[0]!, [])
                : (JsonNode)true);
    }

    private static JsonNode At(JsonNode node, string[] path) =>
        path.Aggregate(node, static (at, key) => at is JsonArray list ? list[int.Parse(key, null)]! : at[key]!);

    private static JsonNode SchemaAt(string[] path) => path.Aggregate(
        Root, static (at, key) => Resolved(at["properties"]?[key] ?? at["items"]!["anyOf"]?[int.Parse(key, null)] ?? at["items"]!));

    private static JsonNode Resolved(JsonNode schema) =>
        schema["$ref"] is { } reference ? Root["$defs"]![((string)reference!).Split('/')[^1]]! : schema;

    private static bool IsClosed(JsonNode schema) => schema["additionalProperties"] is JsonValue value && value.TryGetValue(out bool open) && !open;

    private static IEnumerable<string> Properties(JsonNode mapping) => mapping["properties"]!.AsObject().Select(static p => p.Key);

    private static JsonObject WithColumn(string column)
    {
        JsonObject document = Sample(Root, [])!.AsObject();
        document["schema"]!.AsArray().Add(JsonNode.Parse(column));
        return document;
    }

    /// <summary>What a refusal lists.</summary>
    private static string[] KnownHere(JsonObject document)
    {
        string message = Assert.Throws<PipelineDefinitionException>(() => Parse(document)).Message;
        Assert.Contains(Unknown, message, StringComparison.Ordinal);
        return [.. message.Split("Known here: ")[1].TrimEnd('.').Split(", ").Distinct()];
    }

    /// <summary>Whether a list is one of mappings of several forms.</summary>
    private static JsonArray? Alternatives(JsonNode schema) =>
        schema["items"]?["anyOf"] is JsonArray any && any[0]!["properties"] is not null ? any : null;

    private static bool IsOf(JsonNode schema, string type) =>
        schema["type"] is JsonArray several ? several.Any(t => (string?)t == type) : (string?)schema["type"] == type;

    private static bool AllowsVariable(JsonNode schema) => Resolved(schema) switch
    {
        var any when any["anyOf"] is JsonArray alternatives => alternatives.Any(static a => AllowsVariable(a!)),
        var text when IsOf(text, "string") => text["pattern"] is null || Regex.IsMatch("${VARIABLE}", (string)text["pattern"]!),
        _ => false,
    };

    /// <summary>Whether a document is read while the variable has this value.</summary>
    private static bool Reads(JsonObject document, JsonNode value)
    {
        try
        {
            Parse(document, value is JsonValue ? value.ToString() : "");
            return true;
        }
        catch (PipelineDefinitionException)
        {
            return false;
        }
    }

    /// <summary>JSON is YAML.</summary>
    private static PipelineDefinition Parse(JsonObject document, string? variable = null) => PipelineDefinition.Parse(
        document.ToJsonString(), "pipeline.yaml", _ => variable, static _ => Root["properties"]!["schema"]!["examples"]![0]!.ToJsonString());
}
