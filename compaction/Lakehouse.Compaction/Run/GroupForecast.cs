using System.Collections.Immutable;
using Lakehouse.Parquet;

namespace Lakehouse.Compaction;

/// <summary>How a group would be merged.</summary>
/// <param name="Group">The group.</param>
/// <param name="Outputs">What it would become; more than one where columns do not go together.</param>
/// <param name="Refused">Inputs that cannot be merged, each with the reason in a sentence.</param>
public sealed record GroupForecast(CompactionGroup Group, ImmutableArray<OutputForecast> Outputs, ImmutableArray<string> Refused);

/// <summary>One file that would be made.</summary>
/// <param name="Inputs">What of.</param>
/// <param name="Plan">How, row group by row group and column by column.</param>
public sealed record OutputForecast(ImmutableArray<CompactionInput> Inputs, MergePlan Plan);
