using Lakehouse.Kafka;

namespace Lakehouse.Testing;

/// <summary>The log of one partition as a reader of committed messages sees it. Guarded by the log's lock.</summary>
internal sealed class SimulatedPartition
{
    private readonly List<SimulatedRecord> _records = [];
    private long _low;
    private long _end;
    private long? _transactionStart;

    /// <summary>What is stable: messages of an open transaction and everything behind it are not there yet.</summary>
    public Watermarks Watermarks => new(_low, _transactionStart ?? _end);

    public long Append(byte[]? key, byte[]? value, long timestampMillis)
    {
        _records.Add(new SimulatedRecord(_end, timestampMillis, key, value));
        return _end++;
    }

    public void AppendHole(int offsetCount) => _end += offsetCount;

    public void BeginTransaction() => _transactionStart ??= _end;

    public void EndTransaction(bool commit)
    {
        long start = _transactionStart ?? throw new InvalidOperationException("No transaction is open.");
        if (!commit)
        {
            _records.RemoveAll(record => record.Offset >= start);
        }

        _transactionStart = null;
        _end++;
    }

    public void Compact(Func<SimulatedRecord, bool> keep) => _records.RemoveAll(record => !keep(record));

    public void TrimTo(long low)
    {
        _low = Math.Max(_low, low);
        _end = Math.Max(_end, _low);
        _records.RemoveAll(record => record.Offset < _low);
    }

    public IReadOnlyList<SimulatedRecord> StableRecords() => _records.FindAll(record => record.Offset < Watermarks.High);

    public IReadOnlyList<SimulatedRecord> Read(long from, int recordCountMax)
    {
        int first = _records.FindIndex(record => record.Offset >= from);
        return first < 0
            ? []
            : [.. _records.Skip(first).TakeWhile(record => record.Offset < Watermarks.High).Take(recordCountMax)];
    }

    public long OffsetForTime(long timestampMillis) =>
        StableRecords().FirstOrDefault(record => record.TimestampMillis >= timestampMillis)?.Offset ?? Watermarks.High;
}
