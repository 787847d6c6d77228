namespace Lakehouse.Engine;

/// <summary>What runs in one subtask. Its loop owns the parts: it opens them, is alone in calling them, and disposes them.</summary>
/// <param name="Source">The head.</param>
/// <param name="Operators">The chain, in order; may be empty.</param>
/// <param name="Sink">The end.</param>
public sealed record SubtaskParts(ISource Source, IReadOnlyList<IOperator> Operators, ISinkWriter Sink);

/// <summary>
/// One start of a job: made anew by the job's builder for each start and restart.
/// </summary>
/// <param name="Subtasks">The subtasks, at least one.</param>
/// <param name="Shared">What the subtasks share, such as a consumer; disposed after all of them.</param>
public sealed record JobParts(IReadOnlyList<SubtaskParts> Subtasks, IAsyncDisposable? Shared = null);

/// <summary>What the builder of a job's parts is told.</summary>
/// <param name="Attempt">The process's own name (<see cref="JobOptions.Attempt"/>).</param>
/// <param name="FirstCheckpoint">The checkpoint that the first rows belong to; the following ones count up by one.</param>
/// <param name="Mode">How far the job runs.</param>
/// <param name="Restart">0 at first, then counting the restarts of this process.</param>
/// <param name="CommittedPositions">What the committer read from the table: <see cref="CommittedState.Positions"/>.</param>
public sealed record JobStart(string Attempt, CheckpointId FirstCheckpoint, RunMode Mode, int Restart, byte[]? CommittedPositions);

/// <summary>Makes the parts of one start. Called on the coordinator's loop, after the table has been read.</summary>
public delegate Task<JobParts> JobBuilder(JobStart start, CancellationToken cancellation);
