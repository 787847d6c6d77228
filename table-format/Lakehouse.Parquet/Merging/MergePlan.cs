using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>How one file is made of several. Immutable.</summary>
public sealed record MergePlan
{
    internal MergePlan(ImmutableArray<MergedRowGroup> rowGroups, MergeShape shape) => (RowGroups, Shape) = (rowGroups, shape);

    /// <summary>The row groups of the output.</summary>
    public ImmutableArray<MergedRowGroup> RowGroups { get; }

    /// <summary>The columns of the output.</summary>
    public Schema Schema => Shape.Schema;

    /// <summary>Columns of the inputs that are dropped.</summary>
    public ImmutableArray<string> Dropped => Shape.Dropped;

    /// <summary>Rows of the output.</summary>
    public long RowCount => RowGroups.Sum(static g => g.RowCount);

    /// <summary>Compressed bytes of the inputs that go into the output.</summary>
    public long ByteCount => RowGroups.Sum(static g => g.ByteCount);

    /// <summary>About the seconds of one core that it takes.</summary>
    public double EstimatedCpuSeconds => RowGroups.Sum(static g => g.Columns.Sum(static c => c.EstimatedCpuSeconds));

    internal MergeShape Shape { get; }
}

/// <summary>A row group of the output.</summary>
/// <param name="Inputs">The row groups that it is made of, in this order.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="Columns">Its chunks, one per leaf.</param>
public sealed record MergedRowGroup(ImmutableArray<MergeInput> Inputs, long RowCount, ImmutableArray<MergedColumn> Columns)
{
    /// <summary>Compressed bytes of the inputs that go into it.</summary>
    public long ByteCount => Columns.Sum(static c => c.Steps.Sum(static s => s.ByteCount));

    /// <summary>Whether an input's row group goes over whole, constant columns aside.</summary>
    public bool IsStitched => Inputs.Length == 1 && Columns.All(static c => c.Tier is MergeTier.Stitch or MergeTier.Constant);
}

/// <summary>A row group of an input: the input's position, and the row group's within it.</summary>
public readonly record struct MergeInput(int Source, int RowGroup);

/// <summary>A chunk of the output.</summary>
/// <param name="Name">The leaf's name, names from the root down with dots.</param>
/// <param name="Codec">The codec of its pages.</param>
/// <param name="Steps">What is done for each input of the row group.</param>
public sealed record MergedColumn(string Name, CompressionCodec Codec, ImmutableArray<MergeStep> Steps)
{
    /// <summary>The most expensive step.</summary>
    public MergeTier Tier => Steps.Max(static s => s.Tier);

    /// <summary>About the seconds of one core that it takes.</summary>
    public double EstimatedCpuSeconds => Steps.Sum(static s => s.EstimatedCpuSeconds);
}

/// <summary>What is done to one chunk of an input, and why.</summary>
/// <param name="Tier">What.</param>
/// <param name="Reason">Why nothing cheaper does.</param>
/// <param name="ByteCount">Compressed bytes that are read for it.</param>
public readonly record struct MergeStep(MergeTier Tier, string Reason, long ByteCount)
{
    /// <summary>About the seconds of one core that it takes: nanoseconds per compressed byte as merges of trips suggest, on an AMD EPYC.</summary>
    public double EstimatedCpuSeconds => ByteCount * 1e-9 * Tier switch
    {
        MergeTier.Constant or MergeTier.Pad => 0,
        MergeTier.Stitch or MergeTier.Copy => 1.2,
        MergeTier.Remap => 5,
        MergeTier.Transcode => 7,
        MergeTier.Coalesce => 9,
        _ => 25,
    };
}
