namespace Lakehouse.Ingest;

/// <summary>A pipeline file says something that cannot be run: where, what, and what to write instead where that is known.</summary>
public sealed class PipelineDefinitionException(SourceLocation location, string reason, Exception? inner = null)
    : Exception($"{location}: {reason}", inner)
{
    /// <summary>Where in the file.</summary>
    public SourceLocation Location { get; } = location;

    /// <summary>What is wrong and what to do, without the place.</summary>
    public string Reason { get; } = reason;
}
