using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Engine;

public sealed class CheckpointStoreTests
{
    private static readonly CancellationToken _none = CancellationToken.None;
    private static readonly ImmutableArray<SubtaskSnapshot> _subtasks =
        [new([1, 2, 3], [[4], []], [5, 6]), new([], [], new byte[1000])];

    private readonly MemoryObjectStore _store = new("checkpoints", TimeProvider.System);

    private CheckpointStore Checkpoints => new(_store, new ObjectPath("all/checkpoints"));

    [Fact]
    public async Task A_checkpoint_reads_back_as_it_was_written()
    {
        await Checkpoints.WriteAsync("p/w/a/7", new CheckpointId(7), _subtasks, _none);
        CompletedCheckpoint? read = await Checkpoints.ReadAsync("p/w/a/7", _none);
        Assert.NotNull(read);
        Assert.Equal(7, read.Id.Value);
        Assert.Equal(2, read.Subtasks.Length);
        Assert.Equal(_subtasks[0].Source, read.Subtasks[0].Source);
        Assert.Equal(_subtasks[0].Operators, read.Subtasks[0].Operators);
        Assert.Equal(_subtasks[1].Committable, read.Subtasks[1].Committable);
        Assert.NotNull(await _store.StatAsync(new ObjectPath("all/checkpoints/p/w/a/7/_metadata"), _none));
        Assert.Null(await Checkpoints.ReadAsync("p/w/a/8", _none));
    }

    [Fact]
    public async Task Any_damaged_byte_and_any_missing_end_is_noticed()
    {
        byte[] whole = CheckpointMetadata.Encode(new CheckpointId(7), _subtasks);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 0x40;
            Assert.Throws<InvalidDataException>(() => CheckpointMetadata.Decode("p", damaged));
            Assert.Throws<InvalidDataException>(() => CheckpointMetadata.Decode("p", whole[..i]));
        }

        await _store.PutAsync(new ObjectPath("all/checkpoints/p/w/a/1/_metadata"), whole.AsMemory(0, 30), _none);
        InvalidDataException failure = await Assert.ThrowsAsync<InvalidDataException>(() => Checkpoints.ReadAsync("p/w/a/1", _none));
        Assert.Contains("p/w/a/1/_metadata", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_writer_of_the_same_checkpoint_is_refused_unless_it_says_the_same()
    {
        await Checkpoints.WriteAsync("p/w/a/7", new CheckpointId(7), _subtasks, _none);
        await Checkpoints.WriteAsync("p/w/a/7", new CheckpointId(7), _subtasks, _none);
        await Assert.ThrowsAsync<JobException>(() => Checkpoints.WriteAsync("p/w/a/7", new CheckpointId(7), [_subtasks[0]], _none));
    }

    [Fact]
    public async Task Checkpoints_of_all_attempts_of_one_worker_are_listed_in_order_and_the_oldest_cleaned()
    {
        foreach (string path in (string[])["p/w/b/10", "p/w/a/9", "p/w/b/2", "p/w/a/10", "p/other/a/3", "q/w/a/4"])
        {
            await Checkpoints.WriteAsync(path, new CheckpointId(long.Parse(path.Split('/')[^1])), _subtasks, _none);
        }

        ImmutableArray<StoredCheckpoint> found = await Checkpoints.ListAsync("p", "w", _none);
        Assert.Equal(["p/w/b/2", "p/w/a/9", "p/w/a/10", "p/w/b/10"], found.Select(static f => f.Path));
        ImmutableArray<StoredCheckpoint> left = await Checkpoints.CleanAsync(found, 1, "p/w/a/9", _none);
        Assert.Equal(["p/w/a/9", "p/w/b/10"], left.Select(static f => f.Path));
        Assert.Equal(left, await Checkpoints.ListAsync("p", "w", _none));
    }
}
