namespace Lakehouse.Service;

/// <summary>What a test project says: kept until its turn comes, so that projects which run side by side do not talk into each other.</summary>
internal sealed class TestProgress(TextWriter target)
{
    private readonly Lock _lock = new();
    private readonly List<string> _kept = [];
    private bool _isShown;

    /// <summary>Its turn has come: what it said, and from now on what it says.</summary>
    internal void Show()
    {
        lock (_lock)
        {
            _kept.ForEach(target.WriteLine);
            _kept.Clear();
            _isShown = true;
        }
    }

    internal void Say(string line)
    {
        lock (_lock)
        {
            if (_isShown)
            {
                target.WriteLine(line);
            }
            else
            {
                _kept.Add(line);
            }
        }
    }
}
