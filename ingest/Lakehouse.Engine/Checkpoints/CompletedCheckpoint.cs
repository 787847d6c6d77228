using System.Collections.Immutable;

namespace Lakehouse.Engine;

/// <summary>
/// A checkpoint that every subtask has acknowledged and whose metadata is durable. It can be restored from and committed.
/// </summary>
/// <param name="Id">Its number.</param>
/// <param name="Path">Its folder in the checkpoint storage: <c>pipeline/worker/attempt/id</c>.</param>
/// <param name="Subtasks">What each subtask handed over, by subtask index.</param>
public sealed record CompletedCheckpoint(CheckpointId Id, string Path, ImmutableArray<SubtaskSnapshot> Subtasks);

/// <summary>One subtask's part of a checkpoint.</summary>
/// <param name="Source">The source's snapshot.</param>
/// <param name="Operators">The operators' snapshots, in chain order.</param>
/// <param name="Committable">What the sink writer closed for this checkpoint.</param>
public sealed record SubtaskSnapshot(byte[] Source, ImmutableArray<byte[]> Operators, byte[] Committable);
