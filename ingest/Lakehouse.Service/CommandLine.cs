using System.CommandLine;

namespace Lakehouse.Service;

/// <summary>The commands, and how every one of them ends: an exit code, and on failure one sentence on standard error.</summary>
internal static class CommandLine
{
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Answer with one JSON document on standard output.",
        Recursive = true,
    };

    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Log more, and show stack traces with errors.",
        Recursive = true,
    };

    /// <summary>Parses and runs one command line.</summary>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        ParseResult parsed = Root().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            var terminal = new Terminal(json: false, verbose: false);
            if (arguments.Length == 0)
            {
                await Root().Parse(["--help"]).InvokeAsync();
                return ExitCode.Usage;
            }

            string command = string.Join(' ', parsed.CommandResult.Command is RootCommand ? ["lakehouse"]
                : new[] { "lakehouse", parsed.CommandResult.Command.Name });
            terminal.Note($"{parsed.Errors[^1].Message} Try '{command} --help'.");
            return ExitCode.Usage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // run and demo take the signals themselves: they commit before they leave
        });
    }

    /// <summary>Gives a command what it does, with the errors turned into sentences and exit codes.</summary>
    internal static Command Does(this Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> action)
    {
        command.SetAction(async (parsed, cancellation) =>
        {
            var terminal = new Terminal(parsed.GetValue(Json), parsed.GetValue(Verbose));
            try
            {
                return await action(parsed, terminal, cancellation);
            }
            catch (Exception e)
            {
                Failure failure = Failure.Of(e);
                terminal.Note(terminal.IsVerbose ? $"{failure.Sentence}\n{e}" : failure.Sentence);
                return failure.ExitCode;
            }
        });
        return command;
    }

    private static RootCommand Root() => new("Kafka topics become Apache Hudi tables, exactly once.\n\n" + ExitCode.Description)
    {
        Json,
        Verbose,
        RunCommand.Create(),
        DemoCommand.Create(),
        PlanCommand.Create(),
        VerifyCommand.Create(),
        TimelineCommand.Create(),
        TableCommand.Create(),
        QueryCommand.Create(),
        DeadLettersCommand.Create(),
        DeleteCommand.Create(),
        CompactCommand.Create(),
        CleanCommand.Create(),
        SavepointCommand.Create(),
        RestoreCommand.Create(),
        RestoreCommand.CreateRollback(),
        ParquetCommand.Create(),
        TestCommand.Create(),
    };
}
