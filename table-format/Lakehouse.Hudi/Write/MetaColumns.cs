using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>Hudi's five meta columns, first in every data file and in this order.</summary>
public static class MetaColumns
{
    /// <summary>The instant that wrote the row.</summary>
    public const string CommitTime = "_hoodie_commit_time";

    /// <summary>The row's number, from its source's coordinates.</summary>
    public const string CommitSeqno = "_hoodie_commit_seqno";

    /// <summary>The record key.</summary>
    public const string RecordKey = "_hoodie_record_key";

    /// <summary>The partition path.</summary>
    public const string PartitionPath = "_hoodie_partition_path";

    /// <summary>The file that the row is in.</summary>
    public const string FileName = "_hoodie_file_name";

    /// <summary>How many there are.</summary>
    public const int Count = 5;

    /// <summary>The schema of data files: the meta columns, then the table's.</summary>
    public static Schema FileSchema(Schema table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new Schema(
        [
            new Field(CommitTime, TypeKind.String),
            new Field(CommitSeqno, TypeKind.String),
            new Field(RecordKey, TypeKind.String),
            new Field(PartitionPath, TypeKind.String),
            new Field(FileName, TypeKind.String),
            .. table.Fields,
        ]);
    }
}
