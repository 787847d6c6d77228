namespace Lakehouse.Benchmarks;

/// <summary>Our time and the yardstick's for the same work, pair by pair.</summary>
internal sealed class Comparison(string name, long rowCount, long byteCount)
{
    private readonly List<double> _ours = [];
    private readonly List<double> _theirs = [];

    internal static string[] Columns(string unit) =>
    [
        "", "ours, CPU us/row", $"ours, MB/s of {unit}", "yardstick, CPU us/row", $"yardstick, MB/s of {unit}",
        "faster by", "pairs from", "to",
    ];

    /// <summary>One pair: the median of our rounds, and of theirs if there were any.</summary>
    internal void Add(IEnumerable<double> ours, IEnumerable<YardstickRound>? theirs)
    {
        _ours.Add(Measurement.Median(ours));
        if (theirs is not null)
        {
            _theirs.Add(Measurement.Median(theirs.Select(r => r.CpuSeconds)));
        }
    }

    internal string[] Row()
    {
        double[] ratios = [.. _theirs.Zip(_ours, (t, o) => t / o).Order()];
        string[] ratio = ratios.Length == 0
            ? ["-", "-", "-"]
            : [$"**{Measurement.Median(ratios):F2}**", $"{ratios[0]:F2}", $"{ratios[^1]:F2}"];
        return [name, .. Figures(_ours), .. Figures(_theirs), .. ratio];
    }

    private string[] Figures(List<double> seconds) => seconds.Count == 0
        ? ["-", "-"]
        : [
            $"{Measurement.Median(seconds) * 1e6 / rowCount:F3}",
            $"{byteCount / 1e6 / Measurement.Median(seconds):F0}",
        ];
}
