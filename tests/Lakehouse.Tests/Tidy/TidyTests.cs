using System.Text.RegularExpressions;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Tidy;

/// <summary>The rules of the house as data, checked on the sources.</summary>
public sealed partial class TidyTests
{
    private const int FileLinesMax = 400;
    private const int MethodLinesMax = 70;
    private const int LineLengthMax = 160;

    /// <summary>What each shipping project may reference. Dependencies point one way.</summary>
    private static readonly Dictionary<string, string[]> AllowedReferences = new()
    {
        ["Lakehouse.Columns"] = [],
        ["Lakehouse.Storage"] = [],
        ["Lakehouse.Parquet"] = ["Lakehouse.Columns", "Lakehouse.Storage"],
        ["Lakehouse.Hudi"] = ["Lakehouse.Columns", "Lakehouse.Storage", "Lakehouse.Parquet"],
        ["Lakehouse.Engine"] = ["Lakehouse.Columns", "Lakehouse.Storage"],
        ["Lakehouse.Kafka"] = [],
        ["Lakehouse.Formats"] = ["Lakehouse.Columns"],
        ["Lakehouse.Ingest"] =
        [
            "Lakehouse.Columns", "Lakehouse.Storage", "Lakehouse.Parquet", "Lakehouse.Hudi",
            "Lakehouse.Engine", "Lakehouse.Kafka", "Lakehouse.Formats",
        ],
        ["Lakehouse.Compaction"] = ["Lakehouse.Columns", "Lakehouse.Storage", "Lakehouse.Parquet", "Lakehouse.Hudi"],
        ["Lakehouse.Service"] =
        [
            "Lakehouse.Columns", "Lakehouse.Storage", "Lakehouse.Parquet", "Lakehouse.Hudi",
            "Lakehouse.Engine", "Lakehouse.Kafka", "Lakehouse.Formats", "Lakehouse.Ingest", "Lakehouse.Compaction",
        ],
    };

    /// <summary>Where unsafe code and native calls may stand.</summary>
    private static readonly string[] UnsafeAllowed = ["Lakehouse.Kafka", "Lakehouse.Parquet", "Lakehouse.Storage"];

    private static readonly string[] MeaninglessNames = ["Manager", "Helper", "Helpers", "Util", "Utils", "Impl"];

    private static readonly string[] MeaninglessParts = ["Common", "Core"];

    [Fact]
    public void Projects_reference_only_what_they_may()
    {
        string[] wrong =
        [
            .. from project in Sources.Projects()
               where !project.IsTest
               from reference in project.References()
               where !AllowedReferences[project.Name].Contains(reference)
               select $"{project.Name} -> {reference}",
        ];
        AssertNone(wrong);
    }

    [Fact]
    public void Every_shipping_project_is_in_the_table_of_references() =>
        Assert.Equal(AllowedReferences.Keys.Order(), Sources.Projects().Where(p => !p.IsTest).Select(p => p.Name).Order());

    [Fact]
    public void Unsafe_code_stands_only_where_native_libraries_are_called()
    {
        string[] allowing =
        [
            .. from project in Sources.Projects()
               where !project.IsTest && project.Allows("AllowUnsafeBlocks") && !UnsafeAllowed.Contains(project.Name)
               select project.Name,
        ];
        AssertNone(allowing);
    }

    [Fact]
    public void Each_native_library_is_declared_in_one_file_of_a_project()
    {
        var files = from file in Sources.Files()
                    where !file.IsTest
                    from Match import in NativeImport().Matches(file.Text)
                    group file.Path by (file.Project, Library: Library(import.Groups[1].Value, file.Text)) into library
                    where library.Distinct().Count() > 1
                    select $"{library.Key.Library} in {string.Join(" and ", library.Distinct())}";
        AssertNone(files);
    }

    [Fact]
    public void Files_and_lines_stay_readable()
    {
        string[] wrong =
        [
            .. from file in Sources.Files()
               where file.Lines.Length > FileLinesMax
               select $"{file.Path} has {file.Lines.Length} lines, {FileLinesMax} are allowed",
            .. from file in Sources.Files()
               from line in file.Lines.Index()
               where line.Item.Length > LineLengthMax
               select $"{file.Path}:{line.Index + 1} has {line.Item.Length} characters, {LineLengthMax} are allowed",
        ];
        AssertNone(wrong);
    }

    [Fact]
    public void Methods_fit_on_a_page()
    {
        string[] wrong =
        [
            .. from file in Sources.Files()
               from method in MethodLengths.Of(file)
               where method.Lines > MethodLinesMax
               select $"{file.Path}:{method.Line} has {method.Lines} lines, {MethodLinesMax} are allowed",
        ];
        AssertNone(wrong);
    }

    [Fact]
    public void Names_say_something()
    {
        string[] wrong =
        [
            .. from file in Sources.Files()
               from Match type in TypeDeclaration().Matches(file.Text)
               let name = type.Groups[1].Value
               where MeaninglessNames.Any(n => name.EndsWith(n, StringComparison.Ordinal)) || MeaninglessParts.Contains(name)
               select $"{file.Path}: {name}",
        ];
        AssertNone(wrong);
    }

    [Fact]
    public void Nothing_is_left_for_later()
    {
        string[] wrong =
        [
            .. from file in Sources.Files()
               from line in file.Lines.Index()
               where LeftForLater().IsMatch(line.Item)
               select $"{file.Path}:{line.Index + 1}: {line.Item.Trim()}",
        ];
        AssertNone(wrong);
    }

    [Fact]
    public void Every_path_that_the_readme_names_exists()
    {
        string readme = File.ReadAllText(Path.Combine(Surroundings.RepositoryRoot, "README.md"));
        string[] paths = [.. ReadmePath().Matches(readme).Select(m => m.Groups[1].Value).Distinct()];
        Assert.NotEmpty(paths);
        Assert.All(paths, path => Assert.True(Path.Exists(Path.Combine(Surroundings.RepositoryRoot, path)), path));
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        string solution = File.ReadAllText(Path.Combine(Surroundings.RepositoryRoot, "Lakehouse.sln"));
        Assert.All(Sources.Projects(), project => Assert.Contains($"{project.Name}.csproj", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void The_length_of_a_long_method_is_seen_in_every_kind_of_type()
    {
        foreach (string type in (string[])["class A", "record A(int X)", "class A(\n    int x)\n    : B"])
        {
            string body = string.Concat(Enumerable.Repeat("        X();\n", 80));
            var file = new Sources.SourceFile("A.cs", "A", false, $$"""
                {{type}}
                {
                    void Short()
                    {
                    }

                    static async Task Long(
                        int classNumber)
                    {
                {{body}}    }
                }
                """.Replace("\r", "", StringComparison.Ordinal));
            Assert.Contains(MethodLengths.Of(file), m => m.Lines > MethodLinesMax);
            Assert.Equal(2, MethodLengths.Of(file).Count());
        }
    }

    private static void AssertNone(IEnumerable<string> wrong) => Assert.True(!wrong.Any(), string.Join('\n', wrong));

    /// <summary>The library's name: as written, or the text of the constant that is written.</summary>
    private static string Library(string argument, string text) => argument.StartsWith('"')
        ? argument.Trim('"')
        : Regex.Match(text, $@"\b{argument.Split('.')[^1]}\s*=\s*""([^""]+)""") is { Success: true } constant
            ? constant.Groups[1].Value
            : argument;

    [GeneratedRegex(@"\[(?:LibraryImport|DllImport)\(\s*([^,)\s]+)")]
    private static partial Regex NativeImport();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record)\s+([A-Z]\w*)")]
    private static partial Regex TypeDeclaration();

    // Spelled in two parts so that this line does not find itself.
    [GeneratedRegex(@"\b(?:TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b")]
    private static partial Regex LeftForLater();

    [GeneratedRegex(@"`((?:ingest|table-format|compaction|tests|config|\.ci)/[\w./-]+)`")]
    private static partial Regex ReadmePath();
}
