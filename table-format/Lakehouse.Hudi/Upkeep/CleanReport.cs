using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>What a clean has deleted, or would delete.</summary>
/// <param name="Plan">Files that were part of the table and that no retained instant and no savepoint shows.</param>
/// <param name="Orphans">Data files that were never part of it.</param>
/// <param name="Staging">What dead writers have left in preparation.</param>
public sealed record CleanReport(CleanPlan Plan, ImmutableArray<ObjectStat> Orphans, ImmutableArray<ObjectStat> Staging);
