using Lakehouse.Parquet;

namespace Lakehouse.Hudi;

/// <summary>How data files are written.</summary>
public sealed record BaseFileOptions
{
    /// <summary>Pages, row groups, compression.</summary>
    public ParquetWriterOptions Parquet { get; init; } = new();

    /// <summary>Three integers <c>shard-epoch-attempt</c> that tell retries of a file apart.</summary>
    public string WriteToken
    {
        get;
        init => field = value.Split('-').Length == 3 && value.All(static c => char.IsAsciiDigit(c) || c == '-')
            ? value
            : throw new ArgumentException($"'{value}' is not a write token such as 0-0-0.", nameof(WriteToken));
    } = "0-0-0";

    /// <summary>A timestamp column whose range each file's statistics name, or null.</summary>
    public string? EventTimeColumn { get; init; }
}
