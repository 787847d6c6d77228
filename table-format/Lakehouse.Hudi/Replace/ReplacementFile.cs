using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// A file of a new group that takes rows over from others of the same partition. They keep their meta columns, the instant that wrote them
/// above all: a reader that asks for what is new must not get them again. Only the file name is new, and patched when the instant is known.
/// </summary>
public sealed class ReplacementFile
{
    private const int PartitionColumn = 3;
    private const int FileNameColumn = 4;
    private readonly string _partitionPath;
    private readonly string _fileId;
    private readonly BaseFileOptions _options = new();

    /// <summary>Names a file that nobody has.</summary>
    public ReplacementFile(HudiTable table, string partitionPath, ObjectPath stagingFolder)
    {
        ArgumentNullException.ThrowIfNull(table);
        (_partitionPath, _fileId) = (partitionPath, table.NewFileId());
        string placeholder = new DataFileName(_fileId, _options.WriteToken, InstantTime.Placeholder).ToString();
        StagedPath = stagingFolder / placeholder;
        Schema = MetaColumns.FileSchema(table.Config.Schema);
        Constants = ImmutableDictionary.CreateRange(
            StringComparer.Ordinal,
            [
                KeyValuePair.Create(
                    MetaColumns.PartitionPath,
                    new ConstantColumn(Schema[PartitionColumn], Encoding.UTF8.GetBytes(partitionPath), Patchable: false)),
                KeyValuePair.Create(
                    MetaColumns.FileName,
                    new ConstantColumn(Schema[FileNameColumn], Encoding.ASCII.GetBytes(placeholder), Patchable: true)),
            ]);
    }

    /// <summary>Where it is written.</summary>
    public ObjectPath StagedPath { get; }

    /// <summary>Its columns, meta columns first.</summary>
    public Schema Schema { get; }

    /// <summary>What every row has in common.</summary>
    public IReadOnlyDictionary<string, ConstantColumn> Constants { get; }

    /// <summary>The finished file.</summary>
    /// <param name="summary">What was written to <see cref="StagedPath"/>.</param>
    /// <param name="replaced">The statistics of all files whose rows it has; null for one of which nothing is known.</param>
    public StagedFile Complete(ParquetFileSummary summary, IReadOnlyCollection<WriteStat?> replaced)
    {
        ArgumentNullException.ThrowIfNull(summary);
        ArgumentNullException.ThrowIfNull(replaced);
        bool isKnown = replaced.Count > 0 && replaced.All(static s => s is { MinEventTimeMillis: not null, MaxEventTimeMillis: not null });
        return new StagedFile(
            _partitionPath, _fileId, _options.WriteToken, StagedPath, summary.RowCount, summary.ByteCount, summary.PatchPoints,
            isKnown ? replaced.Min(static s => s!.MinEventTimeMillis) : null, // not null: all are known
            isKnown ? replaced.Max(static s => s!.MaxEventTimeMillis) : null);
    }
}
