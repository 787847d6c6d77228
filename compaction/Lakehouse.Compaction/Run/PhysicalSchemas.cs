using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Compaction;

/// <summary>
/// Which files can be merged with each other, by their columns. Pure. A file whose columns are the table's, some of them missing that may be
/// null, becomes a file with all of them, padded; files of any other one schema go together and keep it.
/// </summary>
internal static class PhysicalSchemas
{
    /// <summary>Indexes of files that go together, each class in order, with the schema of what they become.</summary>
    internal static ImmutableArray<(Schema Schema, ImmutableArray<int> Files)> Split(IReadOnlyList<Schema> files, Schema table) =>
    [
        .. Enumerable.Range(0, files.Count)
            .GroupBy(i => IsPaddable(files[i], table) ? table : files[i])
            .Select(static g => (g.Key, g.ToImmutableArray())),
    ];

    /// <summary>Whether a file has columns of the table only, in their order, and lacks none that must have values.</summary>
    internal static bool IsPaddable(Schema file, Schema table)
    {
        int next = 0;
        foreach (Field field in table.Fields)
        {
            if (next < file.Count && file[next].Equals(field))
            {
                next++;
            }
            else if (field.Required)
            {
                return false;
            }
        }

        return next == file.Count;
    }
}
