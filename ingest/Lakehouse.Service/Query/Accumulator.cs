using System.Runtime.CompilerServices;
using Lakehouse.Columns;

namespace Lakehouse.Service;

/// <summary>
/// One aggregate for all groups: a value per group, updated a batch at a time. A closed hierarchy by how values are held.
/// </summary>
internal abstract class Accumulator
{
    /// <summary>Takes a batch's column (null for <c>count(*)</c>); row i belongs to group <c>groups[i]</c>, all below the count.</summary>
    internal abstract void Add(ColumnVector? column, ReadOnlySpan<int> groups, int groupCount);

    /// <summary>A group's value.</summary>
    internal abstract object? Result(int group);

    /// <summary>Room for a number of groups.</summary>
    protected static void Ensure<T>(ref T[] values, int count)
    {
        if (values.Length < count)
        {
            Array.Resize(ref values, Math.Max(count, 2 * values.Length));
        }
    }
}

/// <summary>Counts rows, or values that are not null.</summary>
internal sealed class CountAccumulator : Accumulator
{
    private long[] _counts = new long[16];

    /// <inheritdoc/>
    internal override void Add(ColumnVector? column, ReadOnlySpan<int> groups, int groupCount)
    {
        Ensure(ref _counts, groupCount);
        bool all = column is null || column.NullCount == 0;
        for (int i = 0; i < groups.Length; i++)
        {
            _counts[groups[i]] += all || column!.IsValid(i) ? 1 : 0;
        }
    }

    /// <inheritdoc/>
    internal override object Result(int group) => _counts[group];
}

/// <summary>Sums, bounds and means of everything stored as an integer: integers, decimals, dates, timestamps, booleans.</summary>
internal sealed class IntegerAccumulator(AggregateFunction function, ColumnType type) : Accumulator
{
    private Int128[] _values = new Int128[16];
    private long[] _counts = new long[16];

    /// <inheritdoc/>
    internal override void Add(ColumnVector? column, ReadOnlySpan<int> groups, int groupCount)
    {
        Ensure(ref _values, groupCount);
        Ensure(ref _counts, groupCount);
        for (int i = 0; i < groups.Length; i++)
        {
            if (!column!.IsValid(i))
            {
                continue;
            }

            Int128 value = ValueAt(column, i);
            int group = groups[i];
            ref Int128 so = ref _values[group];
            bool first = _counts[group]++ == 0;
            so = function switch
            {
                AggregateFunction.Min => first || value < so ? value : so,
                AggregateFunction.Max => first || value > so ? value : so,
                _ => checked(so + value),
            };
        }
    }

    /// <inheritdoc/>
    internal override object? Result(int group) => _counts[group] == 0 ? null : function switch
    {
        AggregateFunction.Avg => (double)_values[group] / Math.Pow(10, type.Scale) / _counts[group],
        _ => Cells.Integer(type, _values[group]),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Int128 ValueAt(ColumnVector column, int index) => column.Type.Kind switch
    {
        TypeKind.Boolean => column.BooleanAt(index) ? 1 : 0,
        TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis => column.Values<int>()[index],
        TypeKind.Decimal => column.Values<Int128>()[index],
        _ => column.Values<long>()[index],
    };
}

/// <summary>Sums, bounds and means of floating point numbers.</summary>
internal sealed class DoubleAccumulator(AggregateFunction function) : Accumulator
{
    private double[] _values = new double[16];
    private long[] _counts = new long[16];

    /// <inheritdoc/>
    internal override void Add(ColumnVector? column, ReadOnlySpan<int> groups, int groupCount)
    {
        Ensure(ref _values, groupCount);
        Ensure(ref _counts, groupCount);
        bool isFloat = column!.Type.Kind == TypeKind.Float;
        for (int i = 0; i < groups.Length; i++)
        {
            if (!column.IsValid(i))
            {
                continue;
            }

            double value = isFloat ? column.Values<float>()[i] : column.Values<double>()[i];
            int group = groups[i];
            ref double so = ref _values[group];
            bool first = _counts[group]++ == 0;
            so = function switch
            {
                AggregateFunction.Min => first ? value : Math.Min(so, value),
                AggregateFunction.Max => first ? value : Math.Max(so, value),
                _ => so + value,
            };
        }
    }

    /// <inheritdoc/>
    internal override object? Result(int group) => _counts[group] == 0
        ? null
        : function == AggregateFunction.Avg ? _values[group] / _counts[group] : _values[group];
}

/// <summary>Bounds of strings and binary in the order of their bytes.</summary>
internal sealed class BytesAccumulator(AggregateFunction function, ColumnType type) : Accumulator
{
    private byte[]?[] _values = new byte[]?[16];

    /// <inheritdoc/>
    internal override void Add(ColumnVector? column, ReadOnlySpan<int> groups, int groupCount)
    {
        Ensure(ref _values, groupCount);
        for (int i = 0; i < groups.Length; i++)
        {
            if (!column!.IsValid(i))
            {
                continue;
            }

            ReadOnlySpan<byte> value = column.BytesAt(i);
            ref byte[]? so = ref _values[groups[i]];
            int order = so is null ? 0 : value.SequenceCompareTo(so);
            if (so is null || (function == AggregateFunction.Min ? order < 0 : order > 0))
            {
                so = value.ToArray();
            }
        }
    }

    /// <inheritdoc/>
    internal override object? Result(int group) => _values[group] is { } value ? Cells.Bytes(type, value) : null;
}
