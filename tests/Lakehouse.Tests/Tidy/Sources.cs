using System.Xml.Linq;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Tidy;

/// <summary>The projects and source files of the repository.</summary>
internal static class Sources
{
    private static readonly string[] Folders = ["ingest", "table-format", "compaction", "tests"];

    internal static IEnumerable<Project> Projects() =>
        from folder in Folders
        from file in Directory.EnumerateFiles(Path.Combine(Surroundings.RepositoryRoot, folder), "*.csproj", SearchOption.AllDirectories)
        select new Project(Path.GetFileNameWithoutExtension(file), folder == "tests", XDocument.Load(file));

    internal static IEnumerable<SourceFile> Files() =>
        from folder in Folders
        from file in Directory.EnumerateFiles(Path.Combine(Surroundings.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Surroundings.RepositoryRoot, file)
        let segments = path.Split('/')
        where !segments.Contains("obj") && !segments.Contains("bin")
        select new SourceFile(path, segments[1], folder == "tests", File.ReadAllText(file));

    internal sealed record Project(string Name, bool IsTest, XDocument Definition)
    {
        internal IEnumerable<string> References() =>
            from reference in Definition.Descendants("ProjectReference")
            select Path.GetFileNameWithoutExtension(((string?)reference.Attribute("Include") ?? "").Replace('\\', '/'));

        internal bool Allows(string property) => Definition.Descendants(property).Any(p => p.Value == "true");
    }

    internal sealed record SourceFile(string Path, string Project, bool IsTest, string Text)
    {
        internal string[] Lines { get; } = Text.TrimEnd('\n').Split('\n');
    }
}
