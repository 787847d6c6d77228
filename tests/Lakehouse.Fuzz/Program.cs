using System.Diagnostics;
using System.Globalization;
using Lakehouse.Fuzz;

// Lakehouse.Fuzz [TARGET] [--seed N] [--from N] [--executions N] [--seconds N] [--corpus FOLDER]: all targets in turn without one.
// Exit code 1 when a target shows a defect, and when the canary does not.
var options = new Dictionary<string, string>(StringComparer.Ordinal)
{
    ["--seed"] = "1",
    ["--from"] = "0",
    ["--executions"] = "100000",
    ["--seconds"] = "3600",
    ["--corpus"] = FuzzCorpus.DefaultFolder ?? "",
};
string? chosen = null;
for (int i = 0; i < args.Length; i++)
{
    if (options.ContainsKey(args[i]) && i + 1 < args.Length)
    {
        options[args[i]] = args[++i];
    }
    else if (chosen is null && !args[i].StartsWith('-'))
    {
        chosen = args[i];
    }
    else
    {
        await Console.Error.WriteLineAsync("Lakehouse.Fuzz [TARGET] [--seed N] [--from N] [--executions N] [--seconds N] [--corpus FOLDER]");
        return 2;
    }
}

IReadOnlyList<byte[]> files = FuzzCorpus.Load(options["--corpus"]);
IReadOnlyList<FuzzTarget> targets = ParquetTargets.All(files);
FuzzTarget[] wanted = [.. targets.Where(t => chosen is null || t.Name == chosen)];
if (wanted.Length == 0)
{
    await Console.Error.WriteLineAsync($"There is no target '{chosen}'. There are: {string.Join(", ", targets.Select(static t => t.Name))}");
    return 2;
}

bool isGood = true;
foreach (FuzzTarget target in wanted)
{
    ulong seed = ulong.Parse(options["--seed"], CultureInfo.InvariantCulture);
    long started = Stopwatch.GetTimestamp();
    FuzzVerdict verdict = FuzzRunner.Run(
        target,
        seed,
        long.Parse(options["--from"], CultureInfo.InvariantCulture),
        long.Parse(options["--executions"], CultureInfo.InvariantCulture),
        TimeSpan.FromSeconds(double.Parse(options["--seconds"], CultureInfo.InvariantCulture)));
    bool mustFail = target.Name == "canary";
    isGood &= mustFail == verdict.Failure is not null;
    Console.WriteLine(
        $"{target.Name,-32} {verdict.Executions,12:N0} executions, {verdict.Refused,12:N0} refused, {target.Samples.Count,5} samples, "
        + $"{Stopwatch.GetElapsedTime(started).TotalSeconds,7:0.0} s{(mustFail ? verdict.Failure is null ? " NOT FOUND" : " found, as it must be" : "")}");
    if (verdict.Failure is not null && !mustFail)
    {
        Console.WriteLine($"  DEFECT; again: {target.Name} --seed {seed} --from {verdict.FailedExecution} --executions 1\n  {verdict.Failure}");
    }
}

return isGood ? 0 : 1;
