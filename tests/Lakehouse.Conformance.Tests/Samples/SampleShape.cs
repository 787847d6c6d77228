using System.Collections.Immutable;

namespace Lakehouse.Conformance.Tests;

/// <summary>How a sample table is laid out. Every commit writes one file for each of <see cref="Files"/>.</summary>
internal sealed record SampleShape
{
    /// <summary>No partitions, no record key.</summary>
    internal static readonly SampleShape Plain = new();

    /// <summary>One level of partitions.</summary>
    internal static readonly SampleShape ByDay = new()
    {
        PartitionFields = ["dt"],
        Files = [new("2026-03-01", 1, "dt=2026-03-01"), new("2026-03-02", 1, "dt=2026-03-02")],
    };

    /// <summary>Two levels, the second of a number, and a record key.</summary>
    internal static readonly SampleShape ByDayAndZone = new()
    {
        PartitionFields = ["dt", "zone"],
        RecordKeyFields = ["id"],
        Files =
        [
            new("2026-03-01", 7, "dt=2026-03-01/zone=7"),
            new("2026-03-01", -1, "dt=2026-03-01/zone=-1"),
            new("2026-03-02", 7, "dt=2026-03-02/zone=7"),
        ],
    };

    /// <summary>Values that cannot be folder names as they are; two files share a partition.</summary>
    internal static readonly SampleShape ByOddNames = new()
    {
        PartitionFields = ["dt"],
        Files =
        [
            new("Sao Paulo", 0, "dt=Sao Paulo"),
            new("a:b/c=50%", 0, "dt=a%3Ab%2Fc%3D50%25"),
            new("Zürich", 0, "dt=Zürich"),
            new("", 0, "dt=__HIVE_DEFAULT_PARTITION__"),
            new(null, 0, "dt=__HIVE_DEFAULT_PARTITION__"),
        ],
    };

    internal ImmutableArray<string> PartitionFields { get; init; } = [];

    internal ImmutableArray<string> RecordKeyFields { get; init; } = [];

    internal ImmutableArray<SamplePartition> Files { get; init; } = [new("2026-03-01", 1, "")];

    /// <summary>True: every column that may be null is.</summary>
    internal bool OnlyNulls { get; init; }
}

/// <summary>The values of the partition columns in one file, and the path that Hudi has for them.</summary>
internal sealed record SamplePartition(string? Day, int Zone, string Path);
