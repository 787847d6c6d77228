using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Hudi;

/// <summary>
/// Reads the Kafka coordinates of every row: <c>_hoodie_commit_seqno</c> is <c>topic-partition-offset</c> in all tables that we write.
/// </summary>
public static class OffsetReader
{
    private static readonly string[] Columns = [MetaColumns.CommitSeqno];

    /// <summary>Why coordinates do not say that a row is there twice, or null when they do.</summary>
    public static string? WhyImpossible(IEnumerable<OffsetRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        OffsetRange[] all = [.. ranges];
        if (all.Any(r => r.JumpedFrom > r.Start))
        {
            return "a topic was recreated, so its offsets are there twice rightly";
        }

        bool sameName = all.Select(r => (r.Key.Cluster, r.Key.Topic)).Distinct().GroupBy(t => t.Topic).Any(clusters => clusters.Skip(1).Any());
        return sameName ? "the table holds topics of the same name from several clusters" : null;
    }

    /// <summary>Reads all files of a snapshot into a coverage of their own.</summary>
    public static async Task<OffsetCoverage> ReadAsync(HudiTable table, TableSnapshot snapshot, CancellationToken cancellation)
    {
        var coverage = new OffsetCoverage();
        await ReadAsync(table, snapshot, coverage, cancellation);
        return coverage;
    }

    /// <summary>Reads all files of a snapshot into a coverage that may hold the rows of other tables.</summary>
    public static async Task ReadAsync(
        HudiTable table, TableSnapshot snapshot, OffsetCoverage coverage, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(coverage);
        Dictionary<string, OffsetRange[]> ranges = snapshot.Timeline.ToDictionary(i => i.Time, RangesOf);
        await foreach ((FileSlice file, Task<ParquetFileReader> opening) in table.OpenAheadAsync(snapshot.FileSlices, cancellation))
        {
            ParquetFileReader reader = await opening;
            OffsetRange[] own = ranges.GetValueOrDefault(file.Instant) ?? [];
            await foreach (RecordBatch batch in reader.ReadAsync(Columns, cancellation))
            {
                using (batch)
                {
                    Add(coverage, file.Path.Value, batch.Columns[0], own);
                }
            }
        }
    }

    /// <summary>The ranges that an instant's rows lie in; replayed dead letters lie anywhere before the ledger's end.</summary>
    private static OffsetRange[] RangesOf(CompletedInstant instant)
    {
        ImmutableArray<ReplayedCount> replayed = instant.Metadata.Replayed;
        Ledger? ledger = replayed.IsEmpty ? null : instant.Metadata.Ledger;
        return ledger is null
            ? [.. instant.Metadata.Ranges]
            :
            [
                .. replayed.Where(r => ledger.Entries.ContainsKey(r.Key)).Select(r => new OffsetRange(
                    r.Key, 0, ledger.Entries[r.Key].EndOffset, -1, null, r.Total, r.Written, r.Filtered, 0, 0, null, null)),
            ];
    }

    /// <summary>Takes the rows in runs of one topic partition, which is how they come.</summary>
    private static void Add(OffsetCoverage coverage, string path, ColumnVector seqnos, OffsetRange[] ranges)
    {
        long[] offsets = ArrayPool<long>.Shared.Rent(seqnos.Length);
        int start = 0;
        while (start < seqnos.Length)
        {
            ReadOnlySpan<byte> source = SourceOf(seqnos.BytesAt(start));
            int count = 0;
            while (start + count < seqnos.Length && TryOffset(seqnos.BytesAt(start + count), source, out offsets[count]))
            {
                count++;
            }

            if (count == 0 || !TryParse(source, out string topic, out int partition))
            {
                string seqno = Encoding.UTF8.GetString(seqnos.BytesAt(start));
                throw new ParquetFormatException($"{path}: {MetaColumns.CommitSeqno} is '{seqno}', not topic-partition-offset.");
            }

            coverage.Add(path, topic, partition, offsets.AsSpan(0, count), ranges);
            start += count;
        }

        ArrayPool<long>.Shared.Return(offsets);
    }

    /// <summary>All before the offset, the dash included; empty where there is none.</summary>
    private static ReadOnlySpan<byte> SourceOf(ReadOnlySpan<byte> seqno) => seqno[..(seqno.LastIndexOf((byte)'-') + 1)];

    private static bool TryOffset(ReadOnlySpan<byte> seqno, ReadOnlySpan<byte> source, out long offset)
    {
        offset = -1;
        return seqno.StartsWith(source)
            && Utf8Parser.TryParse(seqno[source.Length..], out offset, out int digits)
            && source.Length + digits == seqno.Length;
    }

    /// <summary>Takes <c>topic-partition-</c> apart; a topic may hold dashes itself.</summary>
    private static bool TryParse(ReadOnlySpan<byte> source, out string topic, out int partition)
    {
        (topic, partition) = ("", -1);
        ReadOnlySpan<byte> name = source.IsEmpty ? source : SourceOf(source[..^1]);
        if (name.IsEmpty || !Utf8Parser.TryParse(source[name.Length..^1], out partition, out _))
        {
            return false;
        }

        topic = Encoding.UTF8.GetString(name[..^1]);
        return true;
    }
}
