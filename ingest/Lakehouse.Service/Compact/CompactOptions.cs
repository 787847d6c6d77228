using System.CommandLine;
using Lakehouse.Compaction;

namespace Lakehouse.Service;

/// <summary>What a command line says of merging, over what a pipeline's file says.</summary>
internal sealed class CompactOptions
{
    private readonly Option<int?> _target = CompactCommand.Mebibytes(
        "--target-mib", "The size in MiB that files should have (128); those below three quarters of it are small and merged.");

    private readonly Option<int?> _inputsMin = CompactCommand.Number(
        "--min-inputs", "Leave fewer small files than this alone (4), unless two or more make a file of the target size.", 2, 100_000);

    private readonly Option<int?> _inputsMax = CompactCommand.Number(
        "--max-inputs", "Merge at most so many files into one (1000).", 2, 100_000);

    private readonly Option<string?> _partition = new("--partition")
    {
        Description = "Look at this table partition only, such as \"dt=2026-01-01\".",
        HelpName = "PATH",
    };

    private readonly Option<int?> _minAge = CompactCommand.Number(
        "--min-age-minutes", "Leave files alone that are younger (0).", 0, 1_000_000);

    private readonly Option<int?> _quiet = CompactCommand.Number(
        "--quiet-minutes", "Leave table partitions alone that got rows within this time (0).", 0, 1_000_000);

    private readonly Option<bool> _anyOrder = new("--any-order")
    {
        Description = "Merge the files that fill the target best, not those that follow each other in time; rows change their order.",
    };

    private readonly Option<int?> _io = CompactCommand.Mebibytes("--io-mib", "Read and write at most so many MiB per second.");

    private readonly Option<int?> _concurrency = CompactCommand.Number("--concurrency", "Make so many files at the same time (1).", 1, 256);

    private readonly Option<int?> _smallFiles = CompactCommand.Number(
        "--small-files", "With --every or --scheduled: merge as soon as so many small files can be merged, too.", 2, 1_000_000);

    private readonly Option<int?> _cleanAfter = CompactCommand.Number(
        "--clean-after-hours", "With --every or --scheduled: after a merge delete files that were replaced so long ago (24); 0: never.", 0, 100_000);

    internal void AddTo(Command command)
    {
        foreach (Option option in (Option[])
            [_target, _inputsMin, _inputsMax, _partition, _minAge, _quiet, _anyOrder, _io, _concurrency, _smallFiles, _cleanAfter])
        {
            command.Add(option);
        }
    }

    internal CompactionSettings Over(CompactionSettings said, ParseResult parsed, string? cron)
    {
        if (cron is not null && CompactionTriggers.WhyNotCron(cron) is { } wrong)
        {
            throw new CommandFailedException(ExitCode.Usage, wrong);
        }

        CompactionPolicy policy = said.Policy;
        return said with
        {
            Policy = policy with
            {
                TargetFileBytes = parsed.GetValue(_target) is { } mebibytes ? (long)mebibytes << 20 : policy.TargetFileBytes,
                InputsMin = parsed.GetValue(_inputsMin) ?? policy.InputsMin,
                InputsMax = parsed.GetValue(_inputsMax) ?? policy.InputsMax,
                Partition = parsed.GetValue(_partition) ?? policy.Partition,
                FileAgeMin = parsed.GetValue(_minAge) is { } age ? TimeSpan.FromMinutes(age) : policy.FileAgeMin,
                QuietFor = parsed.GetValue(_quiet) is { } quiet ? TimeSpan.FromMinutes(quiet) : policy.QuietFor,
                KeepsOrder = policy.KeepsOrder && !parsed.GetValue(_anyOrder),
                IoBytesPerSecond = parsed.GetValue(_io) is { } io ? (long)io << 20 : policy.IoBytesPerSecond,
                Concurrency = parsed.GetValue(_concurrency) ?? policy.Concurrency,
            },
            Triggers = said.Triggers with
            {
                Cron = cron ?? said.Triggers.Cron,
                SmallFiles = parsed.GetValue(_smallFiles) ?? said.Triggers.SmallFiles,
                CleanAfterHours = parsed.GetValue(_cleanAfter) is { } hours ? (hours == 0 ? null : hours) : said.Triggers.CleanAfterHours,
            },
        };
    }
}
