namespace Lakehouse.Hudi;

/// <summary>The checkpoint that a commit makes visible.</summary>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Worker">The worker's configured id.</param>
/// <param name="Id">The checkpoint's number.</param>
/// <param name="Path">Its folder in the checkpoint storage; unique over all attempts.</param>
public sealed record CheckpointReference(string Pipeline, string Worker, long Id, string Path);
