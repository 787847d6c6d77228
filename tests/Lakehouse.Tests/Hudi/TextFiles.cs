using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>One record of the log in a table.</summary>
/// <param name="Partition">The source partition.</param>
/// <param name="Offset">Where it stood there.</param>
/// <param name="Epoch">The history in which it was read.</param>
internal readonly record struct TextRow(int Partition, long Offset, long Epoch);

/// <summary>
/// Data files as text, which is all that the protocol needs of them: the instant and the file name, patched in when they are known, then
/// one line per row.
/// </summary>
internal static class TextFiles
{
    private const string Token = "0-0-0";

    /// <summary>Makes a file durable in a staging folder.</summary>
    internal static async Task<StagedFile> StageAsync(
        IObjectStore store, ObjectPath folder, string partitionPath, string fileId, IReadOnlyCollection<TextRow> rows)
    {
        string name = new DataFileName(fileId, Token, InstantTime.Placeholder).ToString();
        var text = new StringBuilder(InstantTime.Placeholder).Append(name).Append('\n');
        foreach (TextRow row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row.Partition} {row.Offset} {row.Epoch}\n");
        }

        byte[] content = Encoding.ASCII.GetBytes(text.ToString());
        await store.PutAsync(folder / name, content, Stop);
        ImmutableArray<PatchPoint> points =
        [
            new(MetaColumns.CommitTime, PatchKind.Value, 0, InstantTime.Length),
            new(MetaColumns.FileName, PatchKind.Value, InstantTime.Length, name.Length),
        ];
        return new StagedFile(partitionPath, fileId, Token, folder / name, rows.Count, content.Length, points, null, null);
    }

    /// <summary>The rows of a file, which must say what it is.</summary>
    internal static ImmutableArray<TextRow> Read(ObjectPath path, byte[] content)
    {
        string text = Encoding.ASCII.GetString(content);
        Assert.True(DataFileName.TryParse(path.Name, out DataFileName name), $"'{path}' is no data file name");
        Assert.StartsWith(name.Instant + path.Name + "\n", text, StringComparison.Ordinal);
        return
        [
            .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static line =>
            {
                string[] parts = line.Split(' ');
                return new TextRow(Number(parts[0]), Number(parts[1]), Number(parts[2]));
            }),
        ];

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }
}
