using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lakehouse.Parquet;

/// <summary>
/// Where numbers stand in a dictionary when they lie close together: one slot for each that could be there, <c>index + 1</c>, 0 when it is not.
/// Integers are their own keys; of doubles that are decimal fractions, as coordinates and prices are, the digits are. A key leads back to the
/// bits of its number, which is checked, so nothing has to be compared. Not thread safe.
/// </summary>
internal sealed class NumberPlaces : IDisposable
{
    private const int AtATime = 256;
    private const int DecimalsMax = 9;
    private const int Samples = 32;

    // Slots for each entry at most: what is sparser than that is found faster by a hash.
    private const int SparseMax = 8;
    private const int PlacesMin = 1 << 16;
    private const int PlacesMax = 1 << 22;

    // < Added to a double, it leaves an integer in the low bits of the sum.
    private const double Rounding = 3L << 51;
    private uint[] _places = [];
    private int _size;
    private long _first;

    // How many entries it holds.
    private int _count;
    private double _scale = 1;
    private bool _isBegun;
    private bool _isOff;

    /// <summary>Forgets all entries.</summary>
    internal void Clear() => (_count, _size) = (0, 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<uint>.Shared.Return(_places);
        (_places, _size, _count) = ([], 0, 0);
    }

    /// <summary>
    /// The index of each number among <paramref name="count"/> known ones; those that are new are appended, and counted. False, with nothing
    /// changed, when these are no numbers that lie close together, and so for all that are asked for later.
    /// </summary>
    internal bool TryFind(in LeafType leaf, ReadOnlySpan<byte> entries, Span<uint> indexes, PooledBuffer plain, ref int count)
    {
        if (!_isOff)
        {
            _isOff = leaf.Stored switch
            {
                ParquetType.Int32 => !TryFind(MemoryMarshal.Cast<byte, int>(entries), indexes, plain, ref count),
                ParquetType.Int64 => !TryFind(MemoryMarshal.Cast<byte, long>(entries), indexes, plain, ref count),
                ParquetType.Double => !TryFind(MemoryMarshal.Cast<byte, double>(entries), indexes, plain, ref count),
                _ => true,
            };
        }

        return !_isOff;
    }

    private bool TryFind<T>(ReadOnlySpan<T> entries, Span<uint> indexes, PooledBuffer plain, ref int count)
        where T : unmanaged, INumber<T>
    {
        Invariant.Holds(plain.Length == count * Unsafe.SizeOf<T>(), "numbers stand without gaps");
        if (!_isBegun && typeof(T) == typeof(double))
        {
            _scale = ScaleOf(MemoryMarshal.Cast<T, double>(entries));
        }

        _isBegun = true;
        _size = count == _count ? _size : 0; // < Entries came that were not looked up here.
        int length = plain.Length;
        int bytes = entries.Length * Unsafe.SizeOf<T>();
        plain.Reserve(bytes);
        plain.Advance(bytes); // < As if all were new; what is left is cut off.
        int found = _scale > 0 ? Find(entries, indexes, MemoryMarshal.Cast<byte, T>(plain.Edit(0, plain.Length)), count) : -1;
        plain.TruncateTo(found < 0 ? length : found * Unsafe.SizeOf<T>());
        (count, _count) = found < 0 ? (count, 0) : (found, found);
        return found >= 0;
    }

    /// <summary>Gives the number of all entries; -1 when they do not lie close together.</summary>
    private int Find<T>(ReadOnlySpan<T> entries, Span<uint> indexes, Span<T> known, int count)
        where T : unmanaged, INumber<T>
    {
        Span<long> keys = stackalloc long[AtATime];
        ref T next = ref MemoryMarshal.GetReference(known);
        for (int from = 0; from < entries.Length; from += AtATime)
        {
            ReadOnlySpan<T> some = entries[from..Math.Min(entries.Length, from + AtATime)];
            keys = keys[..some.Length];
            if (!TryKeys(some, keys, out long lowest, out long highest)
                || (!Holds(lowest, highest) && !TryWiden(entries[from..], known[..count])))
            {
                return -1;
            }

            ref uint places = ref MemoryMarshal.GetArrayDataReference(_places);
            for (int i = 0; i < some.Length; i++)
            {
                // < Without a branch: whether an entry is new cannot be guessed. The place is there, as the keys are within the range.
                ref uint place = ref Unsafe.Add(ref places, (nint)(keys[i] - _first));
                Unsafe.Add(ref next, count) = some[i]; // < Fewer are known than there were and have been looked up.
                uint index = place == 0 ? (uint)count + 1 : place;
                count += place == 0 ? 1 : 0;
                place = index;
                indexes[from + i] = index - 1;
            }
        }

        return count;
    }

    // < The difference may be more than a signed number holds.
    private bool Holds(long lowest, long highest) => lowest >= _first && (ulong)highest - (ulong)_first < (ulong)_size;

    /// <summary>Makes room for what is to come, and puts all that is known to its place.</summary>
    private bool TryWiden<T>(ReadOnlySpan<T> entries, ReadOnlySpan<T> known)
        where T : unmanaged, INumber<T>
    {
        (long lowest, long highest) = (long.MaxValue, long.MinValue);
        if (!TryRange(entries, ref lowest, ref highest) || !TryRange(known, ref lowest, ref highest))
        {
            return false;
        }

        // < As unsigned numbers they are as far apart as they are, whatever their signs.
        ulong size = (ulong)highest - (ulong)lowest;
        int sizeMax = (int)Math.Clamp((long)SparseMax * (entries.Length + known.Length), PlacesMin, PlacesMax);
        if (size >= (ulong)sizeMax)
        {
            return false;
        }

        int slack = Math.Min(((int)size / 8) + 1, (sizeMax - (int)size - 1) / 2);
        if (lowest < long.MinValue + slack || highest > long.MaxValue - slack)
        {
            return false;
        }

        (_first, _size) = (lowest - slack, (int)size + 1 + (2 * slack));
        PooledArrays.Grow(ref _places, 0, _size);
        Array.Clear(_places, 0, _size);
        Span<long> keys = stackalloc long[AtATime];
        for (int from = 0; from < known.Length; from += AtATime)
        {
            ReadOnlySpan<T> some = known[from..Math.Min(known.Length, from + AtATime)];
            TryKeys(some, keys[..some.Length], out _, out _);
            for (int i = 0; i < some.Length; i++)
            {
                _places[(int)(keys[i] - _first)] = (uint)(from + i) + 1;
            }
        }

        return true;
    }

    private bool TryRange<T>(ReadOnlySpan<T> numbers, ref long lowest, ref long highest)
        where T : unmanaged, INumber<T>
    {
        Span<long> keys = stackalloc long[AtATime];
        for (int from = 0; from < numbers.Length; from += AtATime)
        {
            ReadOnlySpan<T> some = numbers[from..Math.Min(numbers.Length, from + AtATime)];
            if (!TryKeys(some, keys[..some.Length], out long low, out long high))
            {
                return false;
            }

            (lowest, highest) = (Math.Min(lowest, low), Math.Max(highest, high));
        }

        return true;
    }

    private bool TryKeys<T>(ReadOnlySpan<T> numbers, Span<long> keys, out long lowest, out long highest)
        where T : unmanaged, INumber<T>
    {
        bool isExact = true;
        if (typeof(T) == typeof(double))
        {
            isExact = TryDecimals(MemoryMarshal.Cast<T, double>(numbers), _scale, keys);
        }
        else
        {
            for (int i = 0; i < numbers.Length; i++)
            {
                keys[i] = long.CreateTruncating(numbers[i]);
            }
        }

        (lowest, highest) = RangeOf(keys);
        return isExact;
    }

    private static (long Lowest, long Highest) RangeOf(ReadOnlySpan<long> keys)
    {
        ref long from = ref MemoryMarshal.GetReference(keys);
        int lanes = Vector256<long>.Count;
        Vector256<long> low = Vector256.Create(long.MaxValue);
        Vector256<long> high = Vector256.Create(long.MinValue);
        int i = 0;
        for (; i + lanes <= keys.Length; i += lanes)
        {
            Vector256<long> some = Vector256.LoadUnsafe(ref from, (nuint)i);
            (low, high) = (Vector256.Min(low, some), Vector256.Max(high, some));
        }

        (long lowest, long highest) = (long.MaxValue, long.MinValue);
        for (int lane = 0; lane < lanes; lane++)
        {
            (lowest, highest) = (Math.Min(lowest, low[lane]), Math.Max(highest, high[lane]));
        }

        foreach (long key in keys[i..])
        {
            (lowest, highest) = (Math.Min(lowest, key), Math.Max(highest, key));
        }

        return (lowest, highest);
    }

    /// <summary>
    /// The integers that doubles are a power of ten less than. False when one of them is not what its integer leads back to, bit by bit.
    /// </summary>
    internal static bool TryDecimals(ReadOnlySpan<double> numbers, double scale, Span<long> keys)
    {
        long rounding = BitConverter.DoubleToInt64Bits(Rounding);
        ref double from = ref MemoryMarshal.GetReference(numbers);
        ref long to = ref MemoryMarshal.GetReference(keys[..numbers.Length]);
        int lanes = Vector256<double>.Count;
        Vector256<long> differ = Vector256<long>.Zero;
        int i = 0;
        for (; i + lanes <= numbers.Length; i += lanes)
        {
            Vector256<double> number = Vector256.LoadUnsafe(ref from, (nuint)i);
            Vector256<double> sum = (number * scale) + Vector256.Create(Rounding);
            differ |= ((sum - Vector256.Create(Rounding)) / Vector256.Create(scale)).AsInt64() ^ number.AsInt64();
            (sum.AsInt64() - Vector256.Create(rounding)).StoreUnsafe(ref to, (nuint)i);
        }

        bool isExact = differ == Vector256<long>.Zero;
        for (; i < numbers.Length; i++)
        {
            double sum = (numbers[i] * scale) + Rounding;
            isExact &= BitConverter.DoubleToInt64Bits((sum - Rounding) / scale) == BitConverter.DoubleToInt64Bits(numbers[i]);
            keys[i] = BitConverter.DoubleToInt64Bits(sum) - rounding;
        }

        return isExact;
    }

    /// <summary>The least power of ten that makes integers of a sample of doubles; 0 when none does.</summary>
    private static double ScaleOf(ReadOnlySpan<double> numbers)
    {
        Span<double> sample = stackalloc double[Samples];
        Span<long> keys = stackalloc long[Samples];
        for (int i = 0; i < Samples && !numbers.IsEmpty; i++)
        {
            sample[i] = numbers[(int)((long)i * numbers.Length / Samples)];
        }

        double scale = 1;
        for (int decimals = 0; decimals <= DecimalsMax; decimals++, scale *= 10)
        {
            if (TryDecimals(sample, scale, keys))
            {
                return scale;
            }
        }

        return 0;
    }
}
