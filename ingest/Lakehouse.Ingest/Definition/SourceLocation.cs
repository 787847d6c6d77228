namespace Lakehouse.Ingest;

/// <summary>A place in a pipeline file. Lines and columns count from 1.</summary>
public readonly record struct SourceLocation(string File, int Line, int Column)
{
    /// <summary>The place as editors and terminals link it: <c>file:line:column</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{File}:{Line}:{Column}");
}
