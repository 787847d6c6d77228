using System.Numerics;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>The bounds that values really have, as PLAIN bytes in the form that <see cref="BoundOrder"/> compares; decimals on 16 bytes.</summary>
internal abstract class ValueBounds
{
    /// <summary>For columns of a type.</summary>
    internal static ValueBounds For(ColumnType type) => type.Kind switch
    {
        TypeKind.Boolean => new BooleanBounds(),
        TypeKind.String or TypeKind.Binary => new ByteArrayBounds(),
        TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis => new FixedBounds<int>(),
        TypeKind.Float => new FixedBounds<float>(),
        TypeKind.Double => new FixedBounds<double>(),
        TypeKind.Decimal => new FixedBounds<Int128>(),
        _ => new FixedBounds<long>(),
    };

    /// <summary>Takes the values from one position to before another; nulls and NaN bound nothing.</summary>
    internal abstract void Widen(ColumnVector values, int from, int to);

    /// <summary>The bounds of what was taken since the last call; null when nothing bounds.</summary>
    internal abstract (byte[] Min, byte[] Max)? Take();

    private sealed class FixedBounds<T> : ValueBounds
        where T : unmanaged, INumber<T>
    {
        private T _min;
        private T _max;
        private bool _has;

        internal override void Widen(ColumnVector values, int from, int to)
        {
            ReadOnlySpan<T> all = values.Values<T>();
            (T min, T max, bool has) = (_min, _max, _has);
            for (int i = from; i < to; i++)
            {
                T value = all[i];
                if (T.IsNaN(value) || !values.IsValid(i))
                {
                    continue;
                }

                min = !has || value < min ? value : min;
                max = !has || value > max ? value : max;
                has = true;
            }

            (_min, _max, _has) = (min, max, has);
        }

        internal override (byte[] Min, byte[] Max)? Take()
        {
            bool has = _has;
            _has = false;
            return has ? (Bytes(_min), Bytes(_max)) : null;
        }

        private static byte[] Bytes(T value)
        {
            byte[] bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
            if (typeof(T) == typeof(Int128))
            {
                Array.Reverse(bytes); // Parquet's decimals are big endian
            }

            return bytes;
        }
    }

    private sealed class BooleanBounds : ValueBounds
    {
        private bool _hasFalse;
        private bool _hasTrue;

        internal override void Widen(ColumnVector values, int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                if (values.IsValid(i))
                {
                    bool value = values.BooleanAt(i);
                    _hasTrue |= value;
                    _hasFalse |= !value;
                }
            }
        }

        internal override (byte[] Min, byte[] Max)? Take()
        {
            (bool hasFalse, bool hasTrue) = (_hasFalse, _hasTrue);
            _hasFalse = _hasTrue = false;
            return hasFalse || hasTrue ? ([hasFalse ? (byte)0 : (byte)1], [hasTrue ? (byte)1 : (byte)0]) : null;
        }
    }

    private sealed class ByteArrayBounds : ValueBounds
    {
        private byte[]? _min;
        private byte[]? _max;

        internal override void Widen(ColumnVector values, int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                if (!values.IsValid(i))
                {
                    continue;
                }

                ReadOnlySpan<byte> value = values.BytesAt(i);
                if (_min is null || value.SequenceCompareTo(_min) < 0)
                {
                    _min = value.ToArray();
                }

                if (_max is null || value.SequenceCompareTo(_max) > 0)
                {
                    _max = value.ToArray();
                }
            }
        }

        internal override (byte[] Min, byte[] Max)? Take()
        {
            (byte[]? min, byte[]? max) = (_min, _max);
            _min = _max = null;
            return min is null || max is null ? null : (min, max);
        }
    }
}
