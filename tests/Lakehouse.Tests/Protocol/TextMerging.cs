using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;

namespace Lakehouse.Tests.Protocol;

/// <summary>Merges data files of text, which is all that the protocol needs of them.</summary>
internal sealed class TextMerging(HudiTable table, Func<Task>? pause = null) : IGroupMerging
{
    public async Task<MergedGroup> MergeAsync(CompactionGroup group, ObjectPath staging, CancellationToken cancellation)
    {
        List<TextRow> rows = [];
        List<MergedSlice> inputs = [];
        foreach (FileSlice file in group.Inputs.Select(static i => i.File))
        {
            byte[] content = await table.Store.GetAsync(file.Path, cancellation)
                ?? throw new ObjectStoreException("get", table.Store.Root, file.Path, "it is gone");
            TextRow[] found = [.. TextFiles.Read(file.Path, content)];
            rows.AddRange(found);
            inputs.Add(new MergedSlice(file.PartitionPath, file.FileId, file.Path.Value, file.ByteCount, found.Length));
        }

        await (pause?.Invoke() ?? Task.CompletedTask);
        StagedFile merged = await TextFiles.StageAsync(table.Store, staging, group.PartitionPath, table.NewFileId(), rows);
        return new MergedGroup([(merged, new MergedFile([.. inputs]))], []);
    }
}
