using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Columns of 4, 8 and 16 bytes per value in memory; the type parameter stands for the width (int, long, Int128).</summary>
internal sealed class FixedColumnWriter<T> : DictionaryColumnWriter
    where T : unmanaged, IEquatable<T>, IComparisonOperators<T, T, bool>
{
    // Differences must be that much smaller than indexes to replace them: they get no dictionary page, but hide repetitions from the codec.
    private const double DenserBy = 0.6;
    private const int ProbedValuesMin = 512;
    private FixedDictionary<T>? _dictionary;
    private readonly PooledBuffer _dictionaryBody = new(16);
    private readonly TypeKind _kind;
    private readonly int _storedBytes;
    private T[] _dense;
    private T _minimum;
    private T _maximum;
    private bool _hasBounds;

    internal FixedColumnWriter(Field field, ParquetWriterOptions options, ColumnWriterState state, LeafPath? path = null)
        : base(field, options, state, path)
    {
        _kind = field.Type.Kind;
        _storedBytes = _kind == TypeKind.Decimal ? Decimals.ByteCount(field.Type.Precision) : Unsafe.SizeOf<T>();
        _dense = ArrayPool<T>.Shared.Rent(options.PageRowCount);
    }

    protected override ReadOnlySpan<ParquetEncoding> Candidates => _kind switch
    {
        TypeKind.Decimal => [ParquetEncoding.Plain],
        TypeKind.Float or TypeKind.Double => (Options.Encodings & FurtherEncodings.ByteStreamSplit) != 0
            ? [ParquetEncoding.Plain, ParquetEncoding.ByteStreamSplit]
            : [ParquetEncoding.Plain],
        _ => (Options.Encodings & FurtherEncodings.Delta) != 0 && Levels is null // < As in ByteArrayColumnWriter, for Polars' sake.
            ? [ParquetEncoding.Plain, ParquetEncoding.DeltaBinaryPacked]
            : [ParquetEncoding.Plain],
    };

    protected override bool BodyIsPlain => true;

    protected override EpochDictionary? Dictionary => _dictionary;

    protected override long DictionaryByteCount => (long)DistinctCount * _storedBytes;

    private FixedDictionary<T> Entries => _dictionary ?? throw new InvariantViolatedException("a column that uses a dictionary has one");

    protected override long PlainByteCount => EncodedValueCount * _storedBytes;

    protected override int ReplayRowCountMax => int.MaxValue;

    protected override void AppendValues(ColumnVector vector, int from, int count, int nulls)
    {
        ReadOnlySpan<T> values = vector.Values<T>();
        if (nulls == 0)
        {
            values = values.Slice(from, count);
        }
        else
        {
            int dense = BitRun.Squeeze(values, vector.Validity, from, count, _dense.AsSpan());
            values = _dense.AsSpan(0, dense);
        }

        _hasBounds = MinMax.Widen(_kind, values, _hasBounds, ref _minimum, ref _maximum);
        if (UsesDictionary)
        {
            Entries.Encode(values, EncodeIndexes(values.Length));
        }
        else
        {
            AppendStored(Body, values);
        }
    }

    protected override void EncodeValues(ParquetEncoding encoding, PooledBuffer target)
    {
        ReadOnlySpan<byte> stored = Body.Written[LevelRoom..];
        if (encoding == ParquetEncoding.ByteStreamSplit)
        {
            ByteStreamSplit.Encode(stored, _storedBytes, target.Reserve(stored.Length));
            target.Advance(stored.Length);
        }
        else
        {
            EncodeDifferences(MemoryMarshal.Cast<byte, T>(stored), target);
        }
    }

    protected override void InsertDictionary(BloomFilter filter) => Insert(filter, DictionaryBody());

    protected override void InsertValues(BloomFilter filter) => Insert(filter, Body.Written[LevelRoom..]);

    protected override bool IsDenserWithoutDictionary(Span<uint> indexes)
    {
        if (indexes.Length < ProbedValuesMin || (Options.Encodings & FurtherEncodings.Delta) == 0
            || _kind is TypeKind.Float or TypeKind.Double or TypeKind.Decimal)
        {
            return false;
        }

        Span<T> values = LookUp(indexes);
        int width = BitPacking.Width((uint)Math.Max(1, DistinctCount) - 1);
        PooledBuffer scratch = _dictionaryBody;
        scratch.Clear();
        EncodeDifferences(values, scratch);
        int differences = scratch.Length;
        scratch.Clear();
        uint[] copy = ArrayPool<uint>.Shared.Rent(indexes.Length + 8);
        indexes.CopyTo(copy);
        int packed = RleHybrid.Encode(copy, indexes.Length, width, scratch.Reserve(RleHybrid.BytesMax(indexes.Length, width)));
        ArrayPool<uint>.Shared.Return(copy);
        return differences < packed * DenserBy;
    }

    protected override void AppendPlain(ReadOnlySpan<uint> indexes)
    {
        Span<T> values = LookUp(indexes);
        _hasBounds = MinMax.Widen<T>(_kind, values, _hasBounds, ref _minimum, ref _maximum);
        AppendStored(Body, values);
    }

    protected override void UseDictionary(ColumnState? from) =>
        _dictionary = from?.TakeDictionary<FixedDictionary<T>>(Options.DictionaryEpochBytes);

    protected override void ForgetBounds() => _hasBounds = false;

    protected override void FinishBounds(ref EncodedPage page)
    {
        if (_hasBounds)
        {
            if (_kind == TypeKind.Decimal)
            {
                RequirePrecision(_minimum);
                RequirePrecision(_maximum);
            }

            Span<byte> minimum = stackalloc byte[16];
            Span<byte> maximum = stackalloc byte[16];
            Store(_minimum, minimum);
            Store(_maximum, maximum);
            SetBounds(ref page, minimum[.._storedBytes], true, maximum[.._storedBytes], true);
        }

        _hasBounds = false;
    }

    protected override ReadOnlySpan<byte> DictionaryBody()
    {
        _dictionaryBody.Clear();
        AppendStored(_dictionaryBody, Entries.Values);
        return _dictionaryBody.Written;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _dictionaryBody.Dispose();
        T[] dense = _dense;
        _dense = [];
        if (dense.Length > 0)
        {
            ArrayPool<T>.Shared.Return(dense);
        }
    }

    private void Insert(BloomFilter filter, ReadOnlySpan<byte> stored)
    {
        for (; !stored.IsEmpty; stored = stored[_storedBytes..])
        {
            filter.Insert(BloomFilter.Hash(stored[.._storedBytes]));
        }
    }

    private static void EncodeDifferences(ReadOnlySpan<T> values, PooledBuffer target)
    {
        Span<byte> room = target.Reserve(DeltaStream.BytesMax(values.Length, Unsafe.SizeOf<T>()));
        target.Advance(typeof(T) == typeof(int)
            ? DeltaStream.Encode(MemoryMarshal.Cast<T, int>(values), room)
            : DeltaStream.Encode(MemoryMarshal.Cast<T, long>(values), room));
    }

    private Span<T> LookUp(ReadOnlySpan<uint> indexes)
    {
        Span<T> values = _dense.AsSpan(0, indexes.Length);
        ReadOnlySpan<T> entries = Entries.Values;
        for (int i = 0; i < indexes.Length; i++)
        {
            values[i] = entries[(int)indexes[i]];
        }

        return values;
    }

    private void AppendStored(PooledBuffer target, ReadOnlySpan<T> values)
    {
        if (typeof(T) != typeof(Int128))
        {
            target.Append(MemoryMarshal.AsBytes(values));
            return;
        }

        // < One value more than needed, as each is stored with 16 bytes and the next one overwrites what is too much.
        Span<byte> room = target.Reserve((values.Length * _storedBytes) + 16);
        for (int i = 0; i < values.Length; i++)
        {
            Store(values[i], room[(i * _storedBytes)..]);
        }

        target.Advance(values.Length * _storedBytes);
    }

    // < Decimals are big endian, cut to their width: the bytes that fall away repeat the sign.
    private void Store(T value, Span<byte> target)
    {
        if (typeof(T) == typeof(Int128))
        {
            BinaryPrimitives.WriteInt128BigEndian(target, Unsafe.BitCast<T, Int128>(value) << (8 * (16 - _storedBytes)));
        }
        else
        {
            MemoryMarshal.Write(target, value);
        }
    }

    private void RequirePrecision(T value)
    {
        if (typeof(T) == typeof(Int128))
        {
            Int128 wide = Unsafe.BitCast<T, Int128>(value);
            Int128 limit = Decimals.PowerOfTen(Field.Type.Precision);
            if (wide >= limit || wide <= -limit)
            {
                throw new ArgumentException($"Column '{Field.Name}': unscaled {wide} has more than {Field.Type.Precision} digits.");
            }
        }
    }
}
