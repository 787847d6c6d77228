using System.Globalization;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Formats;
using Xunit;

namespace Lakehouse.Tests.Formats;

public sealed class JsonDecoderPropertyTests(ITestOutputHelper output)
{
    private static readonly Schema Schema = new(
        new Field("id", TypeKind.String), new Field("n", TypeKind.Long), new Field("x", TypeKind.Double), new Field("ok", TypeKind.Boolean),
        new Field("a rather long name of more than thirty-two bytes", TypeKind.String),
        new Field("\u00e9t\u00e9 \"quoted\"", TypeKind.Long));

    [Fact]
    public void It_reads_what_another_parser_reads_whatever_the_order_and_the_white_space()
    {
        var random = new Random(Seed());
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        for (int i = 0; i < 20_000; i++)
        {
            string text = RandomObject(random);
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            Assert.True(decoder.TryDecode(bytes, out DecodeError error), $"{text}: {error}");
            using JsonDocument document = JsonDocument.Parse(bytes);
            using RecordBatch batch = decoder.Finish();
            for (int column = 0; column < Schema.Count; column++)
            {
                AssertSame(document.RootElement, Schema[column], batch.Columns[column], text);
            }
        }
    }

    [Fact]
    public void A_damaged_document_is_accepted_only_when_another_parser_accepts_it()
    {
        var random = new Random(Seed());
        using var decoder = new JsonDecoder(new Schema(new Field("none of these", TypeKind.Long)), new JsonDecoderOptions());
        int accepted = 0;
        int refused = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(RandomObject(random));
            int position = random.Next(bytes.Length);
            bytes = random.Next(3) switch
            {
                0 => [.. bytes[..position], .. bytes[(position + 1)..]],
                1 => [.. bytes[..position], (byte)"{}[]\",:0-.eE\\ntu \u0001"[random.Next(18)], .. bytes[position..]],
                _ => [.. bytes[..position], (byte)random.Next(256), .. bytes[(position + 1)..]],
            };
            bool ours = decoder.TryDecode(bytes, out DecodeError error);
            Assert.True(IsObject(bytes) == ours, $"{Encoding.UTF8.GetString(bytes)}: {error}");
            accepted += ours ? 1 : 0;
            refused += ours ? 0 : 1;
        }

        Assert.True(accepted > 1000 && refused > 1000, $"accepted {accepted}, refused {refused}");
    }

    [Fact]
    public void Steady_state_allocates_nothing_per_record()
    {
        using var decoder = new JsonDecoder(Schema, new JsonDecoderOptions());
        byte[][] messages =
        [
            """{"id":"abc","n":12,"x":1.25,"ok":true}"""u8.ToArray(),
            """{"n":12,"id":"a\u0041\n","x":1.2345678901234567e-5,"ok":null,"other":{"y":[1,2,{}]}}"""u8.ToArray(),
            """{ "ok" : false, "id" : null, "unknown" : "x" }"""u8.ToArray(),
        ];
        long allocated = 0;
        int failed = 0;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 3000; i++)
            {
                failed += decoder.TryDecode(messages[i % 3], out _) ? 0 : 1;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            decoder.Finish().Dispose();
        }

        Assert.Equal((0, 0), (failed, allocated));
    }

    private static bool IsObject(byte[] bytes)
    {
        try
        {
            // The reader leaves UTF-8 inside strings unchecked, so that is asked separately.
            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object && System.Text.Unicode.Utf8.IsValid(bytes);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void AssertSame(JsonElement root, Field field, ColumnVector column, string text)
    {
        bool present = root.TryGetProperty(field.Name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
        Assert.True(present == column.IsValid(0), text);
        if (!present)
        {
            return;
        }

        object? expected = field.Type.Kind switch
        {
            TypeKind.String => value.GetString(),
            TypeKind.Long => value.GetInt64(),
            TypeKind.Double => value.GetDouble(),
            _ => value.GetBoolean(),
        };
        object actual = field.Type.Kind switch
        {
            TypeKind.String => Encoding.UTF8.GetString(column.BytesAt(0)),
            TypeKind.Long => column.Values<long>()[0],
            TypeKind.Double => column.Values<double>()[0],
            _ => column.BooleanAt(0),
        };
        Assert.Equal(expected, actual);
    }

    private static string RandomObject(Random random)
    {
        var members = new List<string>();
        foreach (Field field in Schema.Fields)
        {
            if (random.Next(4) == 0)
            {
                continue;
            }

            string value = random.Next(6) == 0 ? "null" : field.Type.Kind switch
            {
                TypeKind.String => RandomString(random),
                TypeKind.Long => (random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)).ToString(CultureInfo.InvariantCulture),
                TypeKind.Double => RandomNumber(random),
                _ => random.Next(2) == 0 ? "true" : "false",
            };
            members.Add(Space(random) + Quote(field.Name) + Space(random) + ":" + Space(random) + value + Space(random));
        }

        for (int i = random.Next(3); i > 0; i--)
        {
            members.Add($"{RandomString(random)}:{RandomValue(random, 0)}");
        }

        string[] order = [.. members];
        if (random.Next(3) == 0)
        {
            random.Shuffle(order);
        }

        return Space(random) + "{" + (order.Length == 0 ? Space(random) : string.Join(',', order)) + "}" + Space(random);
    }

    private static string RandomValue(Random random, int depth) => random.Next(depth > 4 ? 5 : 7) switch
    {
        0 => "null",
        1 => "true",
        2 => "false",
        3 => RandomNumber(random),
        4 => RandomString(random),
        5 => "[" + string.Join(",", Enumerable.Range(0, random.Next(4))
            .Select(_ => Space(random) + RandomValue(random, depth + 1))) + Space(random) + "]",
        _ => "{" + Space(random) + string.Join(",", Enumerable.Range(0, random.Next(4))
            .Select(_ => RandomString(random) + Space(random) + ":" + RandomValue(random, depth + 1) + Space(random))) + "}",
    };

    private static string RandomNumber(Random random) => random.Next(4) switch
    {
        0 => random.Next().ToString(CultureInfo.InvariantCulture),
        1 => (-random.NextDouble()).ToString("F4", CultureInfo.InvariantCulture),
        2 => (random.NextDouble() * Math.Pow(10, random.Next(-300, 300))).ToString("E12", CultureInfo.InvariantCulture),
        _ => BitConverter.Int64BitsToDouble(random.NextInt64(0, 0x7FF0000000000000)).ToString("R", CultureInfo.InvariantCulture),
    };

    private static string RandomString(Random random)
    {
        string[] pieces =
        [
            "a", "bc ", "\u00e9", "\U0001F600", "\"", "\\", "/", "\n", "\u0001", "plain words ", "\u2028",
            "{", "}", ",", ":",
        ];
        var text = new StringBuilder();
        for (int i = random.Next(8); i > 0; i--)
        {
            text.Append(pieces[random.Next(pieces.Length)]);
        }

        return random.Next(2) == 0 ? JsonSerializer.Serialize(text.ToString()) : Quote(text.ToString());
    }

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\u0001", "\\u0001", StringComparison.Ordinal) + "\"";

    private static string Space(Random random) => random.Next(8) switch { 0 => " ", 1 => "\n\t", _ => "" };

    private int Seed()
    {
        int seed = Environment.ProcessId ^ (int)DateTime.UtcNow.Ticks;
        output.WriteLine($"seed {seed}");
        return seed;
    }
}
