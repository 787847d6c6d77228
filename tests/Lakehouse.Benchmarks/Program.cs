using Lakehouse.Benchmarks;

// Build in Release. Each command prints our figures and, where the yardstick lies beside the repository, its figures on the same data.
if (args.Length < 3 || !int.TryParse(args[2], out int rows))
{
    await Console.Error.WriteLineAsync("Usage: Lakehouse.Benchmarks json|expressions NDJSON ROWS [ROUNDS]");
    return 2;
}

int rounds = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 7;
NdjsonFile file = NdjsonFile.Read(args[1], rows);
switch (args[0])
{
    case "json":
        JsonBenchmark.Run(file, rounds);
        Yardstick.Bench(args[1], rows, "decode");
        return 0;
    case "expressions":
        ExpressionBenchmark.Run(file, rounds);
        return 0;
    default:
        await Console.Error.WriteLineAsync($"There is no benchmark '{args[0]}'.");
        return 2;
}
