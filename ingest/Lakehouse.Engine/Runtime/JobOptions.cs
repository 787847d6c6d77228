using System.Globalization;

namespace Lakehouse.Engine;

/// <summary>The settings of a job.</summary>
public sealed record JobOptions
{
    /// <summary>The job's name: the pipeline. A segment of the checkpoint path, so without '/'.</summary>
    public required string Name { get; init; }

    /// <summary>The worker's id, stable across its restarts. A segment of the checkpoint path, so without '/'.</summary>
    public required string Worker { get; init; }

    /// <summary>This process's own name, never used before: <see cref="NewAttempt"/>. It keeps the files of two lives of a worker apart.</summary>
    public required string Attempt { get; init; }

    /// <summary>Time from one trigger to the next. A commit that takes longer delays the next trigger: one is in flight at a time.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A checkpoint whose acknowledgements take longer fails the run, which then recovers from the table.</summary>
    public TimeSpan CheckpointTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A graceful stop gives its last checkpoint and commit this long, then leaves without them: nothing is lost by that.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How many completed checkpoints stay in the storage. The last committed one always stays.</summary>
    public int RetainedCheckpoints { get; init; } = 5;

    /// <summary>Restarts without a commit in between before the job gives up: with the pauses between them four minutes at least, six in the mean.</summary>
    public int RestartsWithoutProgressMax { get; init; } = 20;

    /// <summary>The pause before the first restart; it doubles with each restart without progress.</summary>
    public TimeSpan RestartBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause before a restart.</summary>
    public TimeSpan RestartBackoffMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether a failure is worth a restart from the table, beyond what the engine knows itself (transient failures and unknown outcomes of
    /// the object store, a checkpoint that took too long). Anything else ends the job.
    /// </summary>
    public Func<Exception, bool> IsTransient { get; init; } = static _ => false;

    /// <summary>A name for this process's life: the time and 64 random bits.</summary>
    public static string NewAttempt(TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);
        string now = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{now}-{random.NextInt64():x16}");
    }
}

/// <summary>How far a job runs.</summary>
public enum RunMode
{
    /// <summary>Until it is stopped.</summary>
    Continuous,

    /// <summary>To the end offsets that the sources see at start, then a last checkpoint and commit.</summary>
    UntilEndOfInput,
}
