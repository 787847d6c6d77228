using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Lakehouse.Ingest;

/// <summary>
/// One mapping of a pipeline file, read key by key. <see cref="Done"/> refuses every key that nobody asked for, naming the nearest one that
/// is known here. Every error carries the place of the node it is about.
/// </summary>
internal sealed partial class YamlMapping
{
    private readonly PipelineText _text;
    private readonly YamlMappingNode _node;
    private readonly string _name;
    private readonly List<string> _known = [];

    internal YamlMapping(PipelineText text, YamlMappingNode node, string name) => (_text, _node, _name) = (text, node, name);

    internal SourceLocation Location => _text.At(_node);

    internal IEnumerable<string> Keys => _node.Children.Keys.Select(k => ((YamlScalarNode)k).Value ?? "");

    /// <summary>The node under a key, or null when the key is absent or empty.</summary>
    internal YamlNode? Find(string key)
    {
        _known.Add(key);
        return _node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) && !IsNull(value) ? value : null;
    }

    internal YamlNode Require(string key)
    {
        if (Find(key) is { } node)
        {
            return node;
        }

        // A required key that is missing is most often one that is misspelt: then point at what is written.
        foreach (YamlNode written in _node.Children.Keys)
        {
            string name = ((YamlScalarNode)written).Value ?? "";
            if (name != key && Spelling.Nearest(name, [.. _known]) == key)
            {
                throw new PipelineDefinitionException(_text.At(written), $"{_name} has no key '{name}'. Did you mean '{key}'?");
            }
        }

        throw new PipelineDefinitionException(Location, $"{_name} needs '{key}'.");
    }

    internal SourceLocation LocationOf(string key) =>
        _node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) ? _text.At(value) : Location;

    internal YamlMapping RequireMapping(string key) => _text.Mapping(Require(key), key);

    internal YamlMapping? FindMapping(string key) => Find(key) is { } node ? _text.Mapping(node, key) : null;

    internal string RequireText(string key) => _text.Scalar(Require(key), key);

    internal string? FindText(string key) => Find(key) is { } node ? _text.Scalar(node, key) : null;

    internal IReadOnlyList<YamlNode> FindList(string key) => Find(key) is { } node ? _text.Sequence(node, key) : [];

    internal IReadOnlyList<string> FindTexts(string key) => [.. FindList(key).Select(n => _text.Scalar(n, key))];

    internal bool FindBoolean(string key, bool otherwise) => FindText(key) switch
    {
        null => otherwise,
        "true" => true,
        "false" => false,
        var other => throw new PipelineDefinitionException(LocationOf(key), $"'{key}' is true or false, not '{other}'."),
    };

    internal int FindInteger(string key, int otherwise, int min, int max)
    {
        if (FindText(key) is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max
            ? value
            : throw new PipelineDefinitionException(LocationOf(key), $"'{key}' is a whole number from {min} to {max}, not '{text}'.");
    }

    /// <summary>A duration such as <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>24h</c>, <c>7d</c>.</summary>
    internal TimeSpan FindDuration(string key, TimeSpan otherwise, TimeSpan min)
    {
        if (FindText(key) is not { } text)
        {
            return otherwise;
        }

        double unit = NumberAndUnit(text, out double number) switch
        {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => throw new PipelineDefinitionException(LocationOf(key),
                $"'{key}' is a duration such as 500ms, 30s, 5m, 24h or 7d, not '{text}'."),
        };
        double millis = number * unit;
        if (millis < min.TotalMilliseconds || millis > TimeSpan.FromDays(3650).TotalMilliseconds)
        {
            throw new PipelineDefinitionException(LocationOf(key),
                FormattableString.Invariant($"'{key}' is at least {min.TotalSeconds} s and at most ten years, not {text}."));
        }

        return TimeSpan.FromMilliseconds(millis);
    }

    /// <summary>A number of bytes such as <c>16MiB</c> or <c>1GiB</c>.</summary>
    internal long FindSize(string key, long otherwise, long min)
    {
        if (FindText(key) is not { } text)
        {
            return otherwise;
        }

        double unit = NumberAndUnit(text, out double number) switch
        {
            "B" => 1,
            "KiB" => 1L << 10,
            "MiB" => 1L << 20,
            "GiB" => 1L << 30,
            "TiB" => 1L << 40,
            _ => throw new PipelineDefinitionException(LocationOf(key), $"'{key}' is a size such as 512KiB, 16MiB or 1GiB, not '{text}'."),
        };
        double bytes = number * unit;
        return bytes >= min && bytes <= 1L << 50
            ? (long)bytes
            : throw new PipelineDefinitionException(LocationOf(key), $"'{key}' is at least {min >> 10} KiB and at most 1 PiB, not {text}.");
    }

    /// <summary>One of a few words.</summary>
    internal T FindWord<T>(string key, T otherwise, params ReadOnlySpan<(string Word, T Value)> words)
    {
        if (FindText(key) is not { } text)
        {
            return otherwise;
        }

        var known = new List<string>(words.Length);
        foreach ((string word, T value) in words)
        {
            if (word == text)
            {
                return value;
            }

            known.Add(word);
        }

        throw new PipelineDefinitionException(LocationOf(key),
            $"'{key}' is {string.Join(" or ", known)}, not '{text}'.{Spelling.Suggest(text, known)}");
    }

    /// <summary>Refuses keys that were never asked for. Call it last.</summary>
    internal void Done()
    {
        foreach (YamlNode key in _node.Children.Keys)
        {
            string name = ((YamlScalarNode)key).Value ?? "";
            if (!_known.Contains(name))
            {
                throw new PipelineDefinitionException(_text.At(key),
                    $"{_name} has no key '{name}'.{Spelling.Suggest(name, _known)}");
            }
        }
    }

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    private static string NumberAndUnit(string text, out double number)
    {
        Match match = NumberAndUnitPattern().Match(text);
        number = match.Success ? double.Parse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 0;
        return match.Success ? match.Groups[2].Value : "";
    }

    [GeneratedRegex(@"^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z]+)$")]
    private static partial Regex NumberAndUnitPattern();
}
