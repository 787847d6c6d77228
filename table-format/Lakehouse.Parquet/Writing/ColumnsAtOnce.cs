using System.Runtime.ExceptionServices;

namespace Lakehouse.Parquet;

/// <summary>
/// Does a piece of work for each column, on the caller's thread and on idle cores that join it:
/// 1. who has a hand free takes the next column that nobody has, the caller too, so it never waits for a core that did not come;
/// 2. when none is left the caller closes the doors and waits for the columns that others have begun, at most one each;
/// 3. of several failures that of the first column is thrown.
/// Each column is worked on by one thread at a time, and what a call did is seen by the next whoever does it. Allocates nothing per call.
/// </summary>
internal sealed class ColumnsAtOnce(IdleCores? cores) : IThreadPoolWorkItem
{
    private const int SpinsMax = 15;
    private readonly object _gate = new();
    private Action<int>? _work;
    private int _count;
    private int _next;
    private int _comingCount;
    private int _insideCount;
    private int _failedColumn;
    private ExceptionDispatchInfo? _failure;

    internal void Run(int count, Action<int> work)
    {
        int coming = Call(count, work);
        if (coming == 0)
        {
            for (int i = 0; i < count; i++)
            {
                work(i);
            }

            return;
        }

        TakeColumns(work);
        lock (_gate)
        {
            _work = null;
        }

        // < The others are about to end: going to sleep would often take longer.
        var spin = default(SpinWait);
        while (Volatile.Read(ref _insideCount) > 0 && spin.Count < SpinsMax)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        lock (_gate)
        {
            while (_insideCount > 0)
            {
                Monitor.Wait(_gate);
            }
        }

        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
    }

    /// <summary>What a core does that comes.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Action<int>? work;
        lock (_gate)
        {
            _comingCount--;
            work = _work;
            if (work is null)
            {
                cores!.GiveBackOne();
                return;
            }

            _insideCount++;
        }

        TakeColumns(work);
        lock (_gate)
        {
            // < Before the caller goes on, whose next call wants the core again.
            cores!.GiveBackOne();
            _insideCount--;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Opens the doors and calls for the cores that are free; gives how many will come. Some may still be on their way from last time.</summary>
    private int Call(int count, Action<int> work)
    {
        if (cores is null || count < 2)
        {
            return 0;
        }

        int called;
        int coming;
        lock (_gate)
        {
            called = cores.Borrow(count - 1 - _comingCount);
            coming = _comingCount += called;
            if (coming == 0)
            {
                return 0;
            }

            (_work, _count, _failedColumn) = (work, count, int.MaxValue);
            Volatile.Write(ref _next, 0);
        }

        for (int i = 0; i < called; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return coming;
    }

    private void TakeColumns(Action<int> work)
    {
        int column;
        while ((column = Interlocked.Increment(ref _next) - 1) < _count)
        {
            try
            {
                work(column);
            }
            catch (Exception e)
            {
                lock (_gate)
                {
                    if (column < _failedColumn)
                    {
                        (_failedColumn, _failure) = (column, ExceptionDispatchInfo.Capture(e));
                    }
                }
            }
        }
    }
}
