using System.Collections.Immutable;
using System.CommandLine;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary><c>savepoint TABLE create|list|delete</c>: instants that are kept until they are released.</summary>
internal static class SavepointCommand
{
    private const string CreateVerb = "create";
    private const string ListVerb = "list";
    private const string DeleteVerb = "delete";

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };
        var verb = new Argument<string>("VERB") { Description = "create, list or delete." };
        verb.AcceptOnlyFromAmong(CreateVerb, ListVerb, DeleteVerb);
        var name = new Argument<string?>("NAME")
        {
            Description = "What the savepoint is called: to create one optional, to delete one its name or instant.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var at = new Option<string?>("--at") { Description = "The instant to keep; the newest by default.", HelpName = "INSTANT" };
        return new Command("savepoint", "Keeps instants: clean and pruning leave them whole, and restore can always go back to them.")
        {
            location, verb, name, at,
        }.Does((parsed, terminal, cancellation) => RunAsync(
            parsed.GetRequiredValue(location), parsed.GetRequiredValue(verb), parsed.GetValue(name), parsed.GetValue(at), terminal,
            cancellation));
    }

    private static async Task<int> RunAsync(
        string location, string verb, string? name, string? at, Terminal terminal, CancellationToken cancellation)
    {
        if (at is not null && verb != CreateVerb)
        {
            throw new CommandFailedException(ExitCode.Usage, $"--at goes with create, not with {verb}.");
        }

        if ((name is null) != (verb == ListVerb) && verb != CreateVerb)
        {
            throw new CommandFailedException(ExitCode.Usage, verb == ListVerb
                ? "list takes no name."
                : "delete takes the name or the instant of a savepoint.");
        }

        (HudiTable table, TableUpkeep upkeep) = await Tables.OpenForUpkeepAsync(location, cancellation);
        switch (verb)
        {
            case CreateVerb:
                Savepoint created = await upkeep.CreateSavepointAsync(name, at, cancellation);
                terminal.Json(created);
                terminal.Good($"Savepoint '{created.Name}' keeps instant {created.Instant} of {table.Config.Name}.");
                break;
            case DeleteVerb:
                Savepoint deleted = await upkeep.DeleteSavepointAsync(name!, cancellation); // checked above
                terminal.Json(deleted);
                terminal.Good($"Savepoint '{deleted.Name}' does not keep instant {deleted.Instant} any more.");
                break;
            default:
                Show(await upkeep.ReadSavepointsAsync(cancellation), table, terminal);
                break;
        }

        return ExitCode.Success;
    }

    private static void Show(ImmutableArray<Savepoint> savepoints, HudiTable table, Terminal terminal)
    {
        terminal.Json(savepoints);
        if (savepoints.IsEmpty)
        {
            terminal.Line($"{table.Config.Name} has no savepoint.");
            return;
        }

        var rows = new TextTable("Savepoint", "Instant", "Created at");
        foreach (Savepoint savepoint in savepoints)
        {
            rows.Add(savepoint.Name, savepoint.Instant, savepoint.CreatedAt);
        }

        terminal.Table(rows);
    }
}
