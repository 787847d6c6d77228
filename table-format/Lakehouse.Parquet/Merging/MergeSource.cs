using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>An input of a merge: a file whose footer was read. Immutable.</summary>
public sealed class MergeSource
{
    private MergeSource(IObjectStore store, ObjectPath path, ParquetFileReader reader) => (Store, Path, Reader) = (store, path, reader);

    /// <summary>The file.</summary>
    public ObjectPath Path { get; }

    /// <summary>Bytes of the file.</summary>
    public long ByteCount => Reader.ByteCount;

    /// <summary>Its footer.</summary>
    public FileMetaData MetaData => Reader.MetaData;

    /// <summary>Its columns.</summary>
    public Schema Schema => Reader.Schema;

    /// <summary>Rows.</summary>
    public long RowCount => MetaData.NumRows;

    internal IObjectStore Store { get; }

    internal ParquetFileReader Reader { get; }

    /// <summary>How the dictionaries of its chunks continue those of other inputs; null when they were not read.</summary>
    internal IReadOnlyDictionary<(int RowGroup, int Chunk), int>? DictionaryFamilies { get; private init; }

    /// <summary>
    /// Opens a file. With <paramref name="families"/>, given to all inputs of a merge in their order, its dictionaries are read too, and the
    /// plan tells which columns can be copied; without, that turns out when they are merged. Throws <see cref="ParquetFormatException"/> for
    /// what is no Parquet file, or a damaged one.
    /// </summary>
    public static async Task<MergeSource> OpenAsync(
        IObjectStore store, ObjectPath path, DictionaryFamilies? families, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, path, cancellation);
        long rows = reader.MetaData.RowGroups.Sum(static g => g.NumRows);
        if (rows != reader.MetaData.NumRows)
        {
            throw new ParquetFormatException(
                $"'{path}' in {store.Root} has {reader.MetaData.NumRows} rows and its row groups have {rows}; nobody knows which of them are there.");
        }

        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            reader.CheckRowGroup(g);
            foreach (Leaf leaf in reader.Leaves)
            {
                reader.CheckChunk(g, leaf);
            }
        }

        return new MergeSource(store, path, reader)
        {
            DictionaryFamilies = families is null ? null : await families.ClassifyAsync(store, path, reader, cancellation),
        };
    }

    /// <summary>The same without a look at the dictionaries.</summary>
    public static Task<MergeSource> OpenAsync(IObjectStore store, ObjectPath path, CancellationToken cancellation) =>
        OpenAsync(store, path, families: null, cancellation);
}
