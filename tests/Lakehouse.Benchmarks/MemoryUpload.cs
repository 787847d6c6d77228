using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>Takes files into one piece of memory, the last one over the one before.</summary>
internal sealed class MemoryUpload(int capacity) : IObjectUpload
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(capacity);

    public long Length { get; private set; }

    internal ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, (int)Length);

    public Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        content.CopyTo(_bytes.AsMemory((int)Length));
        Length += content.Length;
        return Task.CompletedTask;
    }

    public Task CompleteAsync(CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal void Clear() => Length = 0;
}
