using System.Collections.Immutable;
using Lakehouse.Hudi;

namespace Lakehouse.Compaction;

/// <summary>
/// Which files are merged with which. Pure; footers are not looked at.
/// 1. Per table partition: one that has got rows a moment ago is left alone, as are files that are too young and files that are not small.
/// 2. The small ones, in the order of their time, fill one file after the other up to the target. One that would go beyond it begins the
/// next, unless the file would stay small by that: so a full file has from three quarters to one and a half of the target and is never
/// merged again. Without order they fill the files best, the largest first.
/// 3. What does not fill a file is merged when there are enough of them and none is larger than twice the others together; else the largest
/// is left out and the rest considered again. So a row that is written again lies in a file at least half as large again each time: a few
/// times altogether, however slowly files come.
/// </summary>
public static class CompactionPlanning
{
    /// <summary>Plans a compaction.</summary>
    /// <param name="files">The files of the table.</param>
    /// <param name="policy">What is wanted.</param>
    /// <param name="now">The clock.</param>
    public static CompactionPlan Plan(IReadOnlyCollection<CompactionInput> files, CompactionPolicy policy, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(policy);
        var groups = new List<CompactionGroup>();
        var left = ImmutableArray.CreateBuilder<LeftFiles>();
        string youngFrom = InstantTime.At(now - policy.FileAgeMin);
        string hotFrom = InstantTime.At(now - policy.QuietFor);
        IEnumerable<IGrouping<string, CompactionInput>> partitions = files
            .Where(f => policy.Partition is null || f.File.PartitionPath == policy.Partition)
            .GroupBy(static f => f.File.PartitionPath, StringComparer.Ordinal)
            .OrderBy(static p => p.Key, StringComparer.Ordinal);
        foreach (IGrouping<string, CompactionInput> partition in partitions)
        {
            CompactionInput[] small = [.. partition.Where(f => f.File.ByteCount < policy.SmallBelow)];
            if (policy.QuietFor > TimeSpan.Zero && partition.Any(f => !f.IsRewritten && IsFrom(f, hotFrom)))
            {
                Leave(small, LeftReason.Hot);
                continue;
            }

            bool hasAge = policy.FileAgeMin > TimeSpan.Zero;
            Leave([.. small.Where(f => hasAge && IsFrom(f, youngFrom))], LeftReason.Young);
            CompactionInput[] old = InOrder(small.Where(f => !(hasAge && IsFrom(f, youngFrom))));
            List<CompactionInput> few = [];
            foreach (List<CompactionInput> pack in policy.KeepsOrder ? PacksInOrder(old, policy) : BestPacks(old, policy))
            {
                ImmutableArray<CompactionInput> worth = Worth(pack, policy, few);
                if (!worth.IsEmpty)
                {
                    groups.Add(new CompactionGroup(partition.Key, worth));
                }
            }

            Leave(few, LeftReason.Few);

            void Leave(IReadOnlyCollection<CompactionInput> some, LeftReason reason)
            {
                if (some.Count > 0)
                {
                    left.Add(new LeftFiles(partition.Key, reason, some.Count, some.Sum(static f => f.File.ByteCount)));
                }
            }
        }

        return new CompactionPlan(
            [.. groups.OrderBy(static g => g.OldestInstant, StringComparer.Ordinal).ThenBy(static g => g.PartitionPath, StringComparer.Ordinal)],
            left.ToImmutable());
    }

    private static bool IsFrom(CompactionInput file, string instant) => string.CompareOrdinal(file.File.Instant, instant) > 0;

    /// <summary>By the time of their rows where all files know it, else by the instant that wrote them.</summary>
    private static CompactionInput[] InOrder(IEnumerable<CompactionInput> files)
    {
        CompactionInput[] all = [.. files];
        IOrderedEnumerable<CompactionInput> ordered = all.All(static f => f.MinEventTimeMillis is not null)
            ? all.OrderBy(static f => f.MinEventTimeMillis).ThenBy(static f => f.File.Instant, StringComparer.Ordinal)
            : all.OrderBy(static f => f.File.Instant, StringComparer.Ordinal);
        return [.. ordered.ThenBy(static f => f.File.Path)];
    }

    private static List<List<CompactionInput>> PacksInOrder(CompactionInput[] files, CompactionPolicy policy)
    {
        List<List<CompactionInput>> packs = [];
        List<CompactionInput> open = [];
        long bytes = 0;
        foreach (CompactionInput file in files)
        {
            bool isFull = bytes >= policy.SmallBelow && bytes + file.File.ByteCount > policy.TargetFileBytes;
            if (open.Count == policy.InputsMax || isFull)
            {
                packs.Add(open);
                (open, bytes) = ([], 0);
            }

            open.Add(file);
            bytes += file.File.ByteCount;
        }

        packs.Add(open);
        return packs;
    }

    /// <summary>Best fit, the largest first. Within a pack files are in order again.</summary>
    private static IEnumerable<List<CompactionInput>> BestPacks(CompactionInput[] files, CompactionPolicy policy)
    {
        List<(long Bytes, List<CompactionInput> Files)> packs = [];
        foreach (CompactionInput file in files.OrderByDescending(static f => f.File.ByteCount))
        {
            int best = -1;
            for (int i = 0; i < packs.Count; i++)
            {
                if (packs[i].Files.Count < policy.InputsMax
                    && packs[i].Bytes + file.File.ByteCount <= policy.TargetFileBytes
                    && (best < 0 || packs[i].Bytes > packs[best].Bytes))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                packs.Add((file.File.ByteCount, [file]));
            }
            else
            {
                packs[best].Files.Add(file);
                packs[best] = (packs[best].Bytes + file.File.ByteCount, packs[best].Files);
            }
        }

        return packs.Select(static p => InOrder(p.Files).ToList());
    }

    /// <summary>The files of a pack that are worth merging, or none; what is not goes to <paramref name="few"/>.</summary>
    private static ImmutableArray<CompactionInput> Worth(List<CompactionInput> pack, CompactionPolicy policy, List<CompactionInput> few)
    {
        long bytes = pack.Sum(static f => f.File.ByteCount);
        if (pack.Count >= 2 && bytes >= policy.SmallBelow)
        {
            return [.. pack];
        }

        var rest = pack.ToHashSet();
        foreach (CompactionInput largest in pack.OrderByDescending(static f => f.File.ByteCount))
        {
            if (rest.Count < policy.InputsMin)
            {
                break;
            }

            if (largest.File.ByteCount <= 2 * (bytes - largest.File.ByteCount))
            {
                few.AddRange(pack.Where(f => !rest.Contains(f)));
                return [.. pack.Where(rest.Contains)];
            }

            rest.Remove(largest);
            bytes -= largest.File.ByteCount;
        }

        few.AddRange(pack);
        return [];
    }
}
