using System.Globalization;

namespace Lakehouse.Benchmarks;

/// <summary>The command line.</summary>
/// <param name="Benchmark">Which part is measured.</param>
/// <param name="Ndjson">The workload: one JSON object a line.</param>
/// <param name="RowCount">Lines taken from it.</param>
/// <param name="PairCount">How often both sides run, in turn.</param>
/// <param name="Out">A file that gets the report as well, or null.</param>
internal sealed record Arguments(string Benchmark, string Ndjson, int RowCount, int PairCount, string? Out)
{
    internal const string Usage =
        "Usage: Lakehouse.Benchmarks json|parquet|write|ingest|expressions NDJSON ROWS [--pairs 5] [--out FILE]";

    internal static Arguments? Parse(string[] args)
    {
        if (args.Length < 3 || args.Length % 2 == 0 || !TryCount(args[2], out int rowCount))
        {
            return null;
        }

        var arguments = new Arguments(args[0], args[1], rowCount, 5, null);
        for (int i = 3; i < args.Length; i += 2)
        {
            switch (args[i])
            {
                case "--pairs" when TryCount(args[i + 1], out int pairs):
                    arguments = arguments with { PairCount = pairs };
                    break;
                case "--out":
                    arguments = arguments with { Out = args[i + 1] };
                    break;
                default:
                    return null;
            }
        }

        return arguments;
    }

    private static bool TryCount(string text, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0;
}
