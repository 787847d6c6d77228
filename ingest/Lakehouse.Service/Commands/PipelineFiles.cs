using Lakehouse.Compaction;
using Lakehouse.Ingest;

namespace Lakehouse.Service;

/// <summary>Reads the pipeline files that command lines name.</summary>
internal static class PipelineFiles
{
    /// <summary>
    /// Reads one file. Throws with line and column when it is wrong. Commits name the tables that follow, so their locations are made
    /// absolute here: a command that is started in another folder finds them too.
    /// </summary>
    internal static PipelineDefinition Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new CommandFailedException(ExitCode.NotFound, $"There is no pipeline file '{path}'.");
        }

        PipelineDefinition definition = PipelineDefinition.Load(path, Environment.GetEnvironmentVariable);
        if (definition.Compaction is { Schedule: { } schedule } compaction && CompactionTriggers.WhyNotCron(schedule) is { } wrong)
        {
            throw new PipelineDefinitionException(compaction.Location, wrong);
        }

        return definition with
        {
            DeadLettersPath = definition.DeadLettersPath is { } letters ? Absolute(letters) : null,
            Routes = [.. definition.Routes.Select(static r => r with { Table = r.Table with { Path = Absolute(r.Table.Path) } })],
        };
    }

    /// <summary>A relative path as seen from the current folder; a URL stays as it is.</summary>
    private static string Absolute(string location) =>
        location.Contains("://", StringComparison.Ordinal) ? location : Path.GetFullPath(location);

    /// <summary>Refuses two pipelines of one name, which would commit each other's positions.</summary>
    internal static void RefuseTwice(IReadOnlyList<PipelineDefinition> definitions)
    {
        IGrouping<string, PipelineDefinition>? twice = definitions.GroupBy(d => d.Name).FirstOrDefault(g => g.Skip(1).Any());
        if (twice is not null)
        {
            throw new CommandFailedException(ExitCode.Usage, string.Join(" and ", twice.Select(d => d.File))
                + $" both name their pipeline '{twice.Key}'; a name is the identity in every commit.");
        }
    }
}
