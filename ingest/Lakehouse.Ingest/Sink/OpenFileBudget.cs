using Lakehouse.Hudi;

namespace Lakehouse.Ingest;

/// <summary>
/// What the open files of one subtask may take, over all its tables. When there are too many or they pass the budget, the one goes that
/// nobody has written to for longest among those worth closing. Not thread safe.
/// </summary>
internal sealed class OpenFileBudget(long bytesMax)
{
    private const int FileCountMax = 128;
    private const long EvictedBytesMin = 1 << 20;
    private readonly List<OpenFile> _files = [];
    private long _clock;

    internal void Add(OpenFile file) => _files.Add(file);

    internal void Remove(OpenFile file) => _files.Remove(file);

    internal void Touch(OpenFile file) => file.LastWrite = ++_clock;

    /// <summary>The file to close next, or null while all is well.</summary>
    internal OpenFile? FindSurplus()
    {
        long byteCount = 0;
        OpenFile? coldest = null;
        OpenFile? coldestWorth = null;
        foreach (OpenFile file in _files)
        {
            byteCount += file.Writer.BufferedByteCount;
            coldest = coldest is null || file.LastWrite < coldest.LastWrite ? file : coldest;
            if (file.Writer.BufferedByteCount >= EvictedBytesMin
                && (coldestWorth is null || file.LastWrite < coldestWorth.LastWrite))
            {
                coldestWorth = file;
            }
        }

        return byteCount > bytesMax || _files.Count > FileCountMax ? coldestWorth ?? coldest : null;
    }
}

/// <summary>A data file of a table that rows are written to.</summary>
internal sealed class OpenFile(TableWriter table, string partitionPath, BaseFileWriter writer)
{
    internal TableWriter Table { get; } = table;

    internal string PartitionPath { get; } = partitionPath;

    internal BaseFileWriter Writer { get; } = writer;

    internal long LastWrite { get; set; }
}
