namespace Lakehouse.Parquet;

/// <summary>A row group whose chunks are encoded, in schema order.</summary>
internal sealed record EncodedRowGroup(long RowCount, EncodedChunk[] Chunks);
