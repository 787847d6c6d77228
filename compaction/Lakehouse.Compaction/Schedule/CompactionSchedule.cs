using Lakehouse.Hudi;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Compaction;

/// <summary>
/// Compacts a table again and again until stopped, in a worker or in a process of its own:
/// 1. Every few seconds read the orders and decide (<see cref="ScheduleDecision"/>).
/// 2. Of several processes that do this for one table the one works that has said so last; the others watch that it goes on saying so, and
/// take over when it has not for a while. That saves work and is no fence: two at once are as safe as one.
/// 3. Whoever takes over deletes what the dead one's run has staged.
/// 4. A run that fails is tried again when it is due next; ingest beside it never notices.
/// </summary>
public sealed class CompactionSchedule
{
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromSeconds(40);
    private readonly HudiTable _table;
    private readonly CompactionPolicy _policy;
    private readonly CompactionTriggers _triggers;
    private readonly CommitterOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _log;
    private readonly CompactionControl _control;
    private readonly string _life;
    private CompactionStatus _status;
    private CompactionStatus? _watched;
    private long _watchedSince;
    private long _saidAt;
    private DateTimeOffset? _due;
    private long? _lookedAt;

    /// <summary>Prepares it; nothing is touched.</summary>
    /// <param name="table">The table.</param>
    /// <param name="policy">What is merged.</param>
    /// <param name="triggers">When.</param>
    /// <param name="owner">This process's name, the same after a restart: a new life of it takes over at once.</param>
    /// <param name="options">How is committed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where names come from; must differ between processes.</param>
    /// <param name="log">State changes are logged here.</param>
    public CompactionSchedule(
        HudiTable table,
        CompactionPolicy policy,
        CompactionTriggers triggers,
        string owner,
        CommitterOptions options,
        TimeProvider time,
        Random random,
        ILogger log)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(triggers);
        ArgumentException.ThrowIfNullOrEmpty(owner);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);
        (_table, _policy, _triggers, _options, _time, _random, _log) = (table, policy, triggers, options, time, random, log);
        _control = new CompactionControl(table.Store);
        _life = FormattableString.Invariant($"{random.NextInt64():x16}");
        _status = new CompactionStatus(owner, _life, 0, "begins");
    }

    /// <summary>Records that wait to be read by the table's pipeline; null: not known.</summary>
    public Func<CancellationToken, Task<long?>> ReadLag { get; init; } = static _ => Task.FromResult<long?>(null);

    /// <summary>How often orders are looked at.</summary>
    internal TimeSpan PollEvery { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Makes a run, for tests of what is around it; null: one of Parquet files.</summary>
    internal Func<TableReplacement, IGroupMerging>? Merging { get; init; }

    /// <summary>Runs until stopped; then it ends in good order, with what is merged by then committed or dropped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _due = _triggers.NextDue(_time.GetUtcNow());
        try
        {
            while (true)
            {
                try
                {
                    await StepAsync(stop);
                }
                catch (Exception failure) when (failure is not OperationCanceledException || !stop.IsCancellationRequested)
                {
                    CompactionLog.Failed(_log, failure, _table.Store.Root);
                    (_due, _lookedAt) = (_triggers.NextDue(_time.GetUtcNow()), _time.GetTimestamp());
                    _status = _status with { LastRun = failure.Message, LastRunAt = _time.GetUtcNow(), Staging = null };
                }

                await Task.Delay(PollEvery, _time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to end.
        }
    }

    private async Task StepAsync(CancellationToken stop)
    {
        CompactionOrders orders = await _control.ReadOrdersAsync(stop);
        string? other = await FindOtherAsync(stop);
        DateTimeOffset now = _time.GetUtcNow();
        var facts = new ScheduleFacts
        {
            Orders = orders,
            Obeyed = _status.Obeyed,
            Other = other,
            IsDue = now >= _due,
            LookIsDue = _lookedAt is not { } looked || _time.GetElapsedTime(looked) >= _triggers.LookEvery,
            Lag = _triggers.LagMax is null || other is not null ? null : await ReadLag(stop),
        };
        ScheduleStep step = ScheduleDecision.Next(facts, _triggers);
        if (step is ScheduleStep.Look)
        {
            _lookedAt = _time.GetTimestamp();
            step = ScheduleDecision.Next(
                facts with { Seen = await CompactionRun.PlanAsync(_table, _policy, _time, stop) }, _triggers);
        }

        switch (step)
        {
            case ScheduleStep.Run run:
                await RunAsync(run.Reason, orders, stop);
                break;
            case ScheduleStep.Wait wait when other is null:
                await WaitAsync(wait.Reason, stop);
                break;
            case ScheduleStep.Wait wait:
                Note(wait.Reason);
                _due = _triggers.NextDue(now);
                break;
        }
    }

    private async Task WaitAsync(string reason, CancellationToken stop)
    {
        if (Note(reason) || _time.GetElapsedTime(_saidAt) >= BeatEvery)
        {
            await SayAsync(_status, stop);
        }
    }

    /// <summary>True when it is new.</summary>
    private bool Note(string reason)
    {
        string state = $"waiting: {reason}";
        if (_status.State == state && _status.NextDue == _due)
        {
            return false;
        }

        if (_status.State != state && reason != "not due")
        {
            CompactionLog.Waits(_log, _table.Store.Root, reason);
        }

        _status = _status with { State = state, NextDue = _due };
        return true;
    }

    /// <summary>One run, with signs of life while it lasts.</summary>
    private async Task RunAsync(string reason, CompactionOrders orders, CancellationToken stop)
    {
        bool isOrdered = reason == "ordered";
        var replacement = new TableReplacement(_table, "compaction", _options, _time, _random);
        _status = _status with { State = $"running: {reason}", Obeyed = orders.Run, Staging = replacement.StagingPrefix };
        await SayAsync(_status, stop);
        IGroupMerging merging = Merging?.Invoke(replacement) ?? new ParquetGroupMerging(_table, _policy, _time);
        var run = new CompactionRun(replacement, _policy, merging, _time)
        {
            GoesOn = async cancellation => isOrdered || await WhyHeldAsync(cancellation) is null,
            Planned = plan =>
            {
                if (!plan.Groups.IsEmpty)
                {
                    CompactionLog.Begins(_log, _table.Store.Root, reason, plan.InputCount, plan.InputBytes >> 20, plan.Groups.Length);
                }
            },
        };
        Task<CompactionResult> running = run.RunAsync(stop);
        while (await Task.WhenAny(running, Task.Delay(BeatEvery, _time, CancellationToken.None)) != running)
        {
            await SayAsync(_status, CancellationToken.None);
        }

        CompactionResult result = await running;
        foreach (string refused in result.Refused)
        {
            CompactionLog.Refused(_log, _table.Store.Root, refused);
        }

        if (_triggers.CleanAfterHours is { } hours && !result.IsCutShort)
        {
            await new TableUpkeep(_table, _options, _time, _random).CleanAsync(new CleanPolicy.KeepHours(hours), stop);
        }

        string sentence = result.Sentence;
        CompactionLog.Ended(_log, _table.Store.Root, sentence);
        _due = _triggers.NextDue(_time.GetUtcNow());
        _lookedAt = _time.GetTimestamp();
        _status = _status with { State = "waiting: not due", LastRun = sentence, LastRunAt = _time.GetUtcNow(), NextDue = _due, Staging = null };
        await SayAsync(_status, stop);
    }

    private async Task<string?> WhyHeldAsync(CancellationToken cancellation) => ScheduleDecision.WhyHeld(
        await _control.ReadOrdersAsync(cancellation), _triggers.LagMax is null ? null : await ReadLag(cancellation), _triggers);

    private Task SayAsync(CompactionStatus status, CancellationToken cancellation)
    {
        _status = status with { Beat = status.Beat + 1 };
        _saidAt = _time.GetTimestamp();
        return _control.SayAsync(_status, cancellation);
    }

    /// <summary>Who else is at work: somebody who has said so after us and goes on saying so.</summary>
    private async Task<string?> FindOtherAsync(CancellationToken stop)
    {
        CompactionStatus? said = await _control.ReadStatusAsync(stop);
        if (said is null || said.Life == _life)
        {
            return null;
        }

        if (said != _watched)
        {
            (_watched, _watchedSince) = (said, _time.GetTimestamp());
        }

        bool isEarlierLife = said.Owner == _status.Owner && _status.Beat == 0;
        if (!isEarlierLife && _time.GetElapsedTime(_watchedSince) < GivenUpAfter)
        {
            return said.Owner;
        }

        if (said.Staging is { } staging)
        {
            await TableReplacement.DeleteStagingAsync(_table, staging, stop);
        }

        await SayAsync(_status with { Obeyed = said.Obeyed, LastRun = said.LastRun, LastRunAt = said.LastRunAt }, stop);
        return null;
    }
}
