using System.CommandLine;
using Lakehouse.Engine;
using Lakehouse.Ingest;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary><c>run PIPELINE...</c>: keeps tables up to date until told to stop, or until they are.</summary>
internal static class RunCommand
{
    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var files = new Argument<string[]>("PIPELINE") { Description = "Pipeline files (YAML).", Arity = ArgumentArity.OneOrMore };
        var untilCaughtUp = new Option<bool>("--until-caught-up")
        {
            Description = "Read to the end offsets seen at start, commit and exit. What other workers hold is waited for.",
        };
        var worker = new Option<string>("--worker")
        {
            Description = "This worker's id: the same after a restart, and never shared by two that run at once; of two the brokers keep the "
                + "newer, and the older exits with 6. Workers with different ids share the partitions and commit to one table.",
            DefaultValueFactory = _ => "worker-0",
        };
        return new Command("run", "Runs pipelines. Ctrl-C and SIGTERM commit what is in flight and leave within 30 seconds.")
        {
            files,
            untilCaughtUp,
            worker,
        }.Does((parsed, terminal, _) => RunAsync(
            parsed.GetRequiredValue(files),
            parsed.GetValue(untilCaughtUp) ? RunMode.UntilEndOfInput : RunMode.Continuous,
            parsed.GetRequiredValue(worker),
            terminal));
    }

    private static async Task<int> RunAsync(string[] files, RunMode mode, string worker, Terminal terminal)
    {
        PipelineDefinition[] definitions = [.. files.Select(PipelineFiles.Load)];
        PipelineFiles.RefuseTwice(definitions);
        using ILoggerFactory logs = Logs.Create(terminal);
        using var signals = new StopSignals(terminal, ProcessFacts.Time);
        var pipelines = new List<RunningPipeline>();
        try
        {
            foreach (PipelineDefinition definition in definitions)
            {
                pipelines.Add(await RunningPipeline.BuildAsync(definition, worker, logs, signals.Token));
            }

            await RunAllAsync(pipelines, mode, terminal, signals.Token);
            await Task.WhenAll(pipelines.Select(p => p.LookAsync())); // the last look: what was committed at the end
        }
        finally
        {
            foreach (RunningPipeline pipeline in pipelines)
            {
                await pipeline.DisposeAsync();
            }
        }

        Report(pipelines, signals.Token.IsCancellationRequested, terminal);
        return ExitCode.Success;
    }

    private static void Report(IReadOnlyList<RunningPipeline> pipelines, bool stopped, Terminal terminal)
    {
        terminal.Json(new
        {
            Stopped = stopped,
            Pipelines = pipelines.Select(p => new
            {
                p.Name,
                Table = p.Table.Store.Root,
                p.Progress.RecordsRead,
                p.Progress.RowsWritten,
                DeadLettered = p.Progress.SideRowsWritten,
                p.Progress.Commits,
                p.Progress.Restarts,
                p.FileCount,
                p.ByteCount,
                p.Lag,
            }),
        });
        foreach (RunningPipeline pipeline in pipelines)
        {
            terminal.Line($"{pipeline.Name}: {Sizes.Count(pipeline.Progress.RecordsRead)} records read, "
                + $"{Sizes.Count(pipeline.Progress.Commits)} commits; "
                + (pipeline.Progress.EndedCommitted ? "everything read is committed to " : "what is not committed is read again by the next start into ")
                + pipeline.Table.Store.Root + ".");
        }
    }

    /// <summary>Runs all; when one fails the others stop in good order, then its failure is thrown.</summary>
    private static async Task RunAllAsync(
        IReadOnlyList<RunningPipeline> pipelines, RunMode mode, Terminal terminal, CancellationToken stop)
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task all = Task.WhenAll(pipelines.Select(async pipeline =>
        {
            try
            {
                await pipeline.RunAsync(mode, others.Token);
            }
            catch
            {
                await others.CancelAsync();
                throw;
            }
        }));
        await new StatusDisplay(pipelines, terminal, ProcessFacts.Time).ShowUntilAsync(all);
        await all;
    }
}
