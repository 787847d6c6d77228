using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Lakehouse.Ingest;

/// <summary>
/// The text of one pipeline or schema file as YAML nodes that know their place. <c>${NAME}</c> in a value is replaced by the environment
/// variable, so secrets need not stand in the file.
/// </summary>
internal sealed partial class PipelineText(string file, Func<string, string?> variable)
{
    internal string File { get; } = file;

    /// <summary>The root node of the only document.</summary>
    internal YamlNode Parse(string yaml)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException error)
        {
            // Tabs, unbalanced brackets, doubled keys: the parser's own sentence is good, its place is ours to format.
            string reason = error.InnerException?.Message ?? error.Message;
            throw new PipelineDefinitionException(At(error.Start), $"This is not valid YAML: {reason}", error);
        }

        return stream.Documents.Count == 1
            ? stream.Documents[0].RootNode
            : throw new PipelineDefinitionException(new SourceLocation(File, 1, 1),
                $"A pipeline file holds one YAML document, this one holds {stream.Documents.Count}.");
    }

    internal SourceLocation At(YamlNode node) => At(node.Start);

    internal YamlMapping Mapping(YamlNode node, string name)
    {
        if (node is not YamlMappingNode mapping)
        {
            throw new PipelineDefinitionException(At(node), $"{name} is a mapping of keys to values, not {Describe(node)}.");
        }

        foreach (YamlNode key in mapping.Children.Keys)
        {
            if (key is not YamlScalarNode)
            {
                throw new PipelineDefinitionException(At(key), $"A key of {name} is a word, not {Describe(key)}.");
            }
        }

        return new YamlMapping(this, mapping, name);
    }

    internal IReadOnlyList<YamlNode> Sequence(YamlNode node, string name) => node is YamlSequenceNode sequence
        ? [.. sequence.Children]
        : throw new PipelineDefinitionException(At(node), $"'{name}' is a list, not {Describe(node)}; write [a, b] or one '- a' a line.");

    internal string Scalar(YamlNode node, string name)
    {
        if (node is not YamlScalarNode { Value: { } value })
        {
            throw new PipelineDefinitionException(At(node), $"'{name}' is a single value, not {Describe(node)}.");
        }

        return VariablePattern().Replace(value, match => variable(match.Groups[1].Value)
            ?? throw new PipelineDefinitionException(At(node),
                $"'{name}' refers to the environment variable {match.Groups[1].Value}, which is not set. Export it before starting."));
    }

    private static string Describe(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: { Length: > 0 } value } => $"the value '{value}'",
        _ => "nothing",
    };

    private SourceLocation At(Mark mark) => new(File, (int)mark.Line, (int)mark.Column);

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex VariablePattern();
}
