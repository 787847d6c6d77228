using System.Buffers;
using System.Runtime.CompilerServices;

namespace Lakehouse.Parquet;

/// <summary>The smallest and the largest of the dictionary's entries that the values of one page are. Pooled.</summary>
internal sealed class EntryBounds : IDisposable
{
    // One bit per entry: it was compared with the page's bounds byte by byte.
    private ulong[] _compared = ArrayPool<ulong>.Shared.Rent(64);

    internal EntryBounds() => BeginPage();

    /// <summary>The entries, or -1 when there is no value yet.</summary>
    internal int Minimum { get; private set; }

    internal int Maximum { get; private set; }

    /// <summary>The first eight bytes of the smallest value as a number that orders as they do.</summary>
    internal ulong MinimumKey { get; private set; }

    internal ulong MaximumKey { get; private set; }

    internal bool Any => Minimum >= 0;

    internal ref ulong Compared => ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(_compared);

    /// <summary>Forgets the bounds.</summary>
    internal void BeginPage()
    {
        Minimum = Maximum = -1;
        (MinimumKey, MaximumKey) = (ulong.MaxValue, 0);
        _compared.AsSpan().Clear();
    }

    /// <summary>Makes room for so many entries.</summary>
    internal void Reserve(int entryCount)
    {
        if (entryCount / 64 >= _compared.Length)
        {
            ulong[] larger = ArrayPool<ulong>.Shared.Rent(Math.Max((entryCount / 64) + 1, 2 * _compared.Length));
            larger.AsSpan().Clear();
            _compared.CopyTo(larger.AsSpan());
            ArrayPool<ulong>.Shared.Return(_compared);
            _compared = larger;
        }
    }

    /// <summary>Runs when the first eight bytes lie outside the bounds, and once per value and page when they are those of a bound.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void Widen(ByteArrayDictionary dictionary, int index, ulong key)
    {
        _compared[index >> 6] |= 1UL << index;
        if (Minimum < 0)
        {
            (Minimum, Maximum, MinimumKey, MaximumKey) = (index, index, key, key);
            return;
        }

        if (key < MinimumKey || (key == MinimumKey && dictionary[index].SequenceCompareTo(dictionary[Minimum]) < 0))
        {
            (Minimum, MinimumKey) = (index, key);
        }

        if (key > MaximumKey || (key == MaximumKey && dictionary[index].SequenceCompareTo(dictionary[Maximum]) > 0))
        {
            (Maximum, MaximumKey) = (index, key);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ulong[] compared = _compared;
        _compared = [];
        if (compared.Length > 0)
        {
            ArrayPool<ulong>.Shared.Return(compared);
        }
    }
}
