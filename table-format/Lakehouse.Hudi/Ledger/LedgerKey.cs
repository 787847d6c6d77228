namespace Lakehouse.Hudi;

/// <summary>What a position belongs to. Two pipelines that read one topic into one table keep separate positions.</summary>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Cluster">The log cluster's id.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">Its partition.</param>
public readonly record struct LedgerKey(string Pipeline, string Cluster, string Topic, int Partition) : IComparable<LedgerKey>
{
    /// <inheritdoc/>
    public int CompareTo(LedgerKey other)
    {
        int order = string.CompareOrdinal(Pipeline, other.Pipeline);
        order = order != 0 ? order : string.CompareOrdinal(Cluster, other.Cluster);
        order = order != 0 ? order : string.CompareOrdinal(Topic, other.Topic);
        return order != 0 ? order : Partition.CompareTo(other.Partition);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Topic}-{Partition} of cluster {Cluster} (pipeline {Pipeline})";
}
