namespace Lakehouse.Parquet;

/// <summary>Collects where the bytes of patchable constants end up while a file is written.</summary>
internal sealed class PatchRecorder(IReadOnlySet<string> patchableColumns)
{
    private readonly List<PatchPoint> _points = [];

    internal IReadOnlyList<PatchPoint> Points => _points;

    internal void ValueEndsAt(string column, long end, int length)
    {
        if (patchableColumns.Contains(column))
        {
            _points.Add(new PatchPoint(column, PatchKind.Value, end - length, length));
        }
    }

    internal void Add(string column, PatchKind kind, long offset, int length)
    {
        if (patchableColumns.Contains(column))
        {
            _points.Add(new PatchPoint(column, kind, offset, length));
        }
    }
}
