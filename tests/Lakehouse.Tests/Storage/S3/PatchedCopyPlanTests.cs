using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class PatchedCopyPlanTests
{
    private const long MiB = 1 << 20;
    private static readonly byte[] Bytes = new byte[12 << 20];

    [Fact]
    public void Of_a_file_with_patches_at_both_ends_the_store_copies_the_middle()
    {
        List<CopyPart> plan = PatchedCopyPlan.Make(128 * MiB, [Patch(60, 17), Patch(400, 90), Patch((128 * MiB) - 3000, 40)]);
        Assert.Equal(
            [
                new CopyPart(0, 5 * MiB, true),
                new CopyPart(5 * MiB, (123 * MiB) - 3000, false),
                new CopyPart((128 * MiB) - 3000, 3000, true),
            ],
            plan);
    }

    [Fact]
    public void Without_patches_everything_is_copied_in_equal_pieces() =>
        Assert.Equal([200 * MiB, 200 * MiB, 200 * MiB], PatchedCopyPlan.Make(600 * MiB, []).Select(p => p.Length));

    [Fact]
    public void Every_plan_covers_the_object_once_in_parts_that_S3_takes_and_copies_no_patched_byte()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 1_000; round++)
        {
            long size = random.NextInt64(PatchedCopyPlan.WholeBytesMax + 1, 800 * MiB);
            List<Patch> patches = [];
            for (long at = random.NextInt64(20 * MiB); at < size && patches.Count < 40; at += random.NextInt64(1, 30 * MiB))
            {
                int length = (int)Math.Min(random.Next(1, random.Next(2) == 0 ? 64 : 12 << 20), size - at);
                patches.Add(Patch(at, length));
                at += length;
            }

            List<CopyPart> plan = PatchedCopyPlan.Make(size, patches);
            string what = $"seed {seed}, round {round}";
            Assert.True(plan.Sum(p => p.Length) == size, what);
            for (int i = 0; i < plan.Count; i++)
            {
                CopyPart part = plan[i];
                Assert.True(part.Offset == (i == 0 ? 0 : plan[i - 1].Offset + plan[i - 1].Length), what);
                Assert.True(part.Length >= PatchedCopyPlan.PartBytesMin || i == plan.Count - 1, what);
                Assert.True(part.Length is > 0 and <= PatchedCopyPlan.CopiedBytesMax, what);
                Assert.True(part.IsPatched || patches.TrueForAll(
                    p => p.Offset + p.Bytes.Length <= part.Offset || p.Offset >= part.Offset + part.Length), what);
            }
        }
    }

    private static Patch Patch(long offset, int length) => new(offset, Bytes.AsMemory(0, length));
}
