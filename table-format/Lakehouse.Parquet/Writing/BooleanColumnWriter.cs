using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Boolean columns: PLAIN bits.</summary>
internal sealed class BooleanColumnWriter(Field field, ParquetWriterOptions options, LeafPath? path = null)
    : ColumnWriter(field, options, path)
{
    private int _bitCount;
    private int _trueCount;

    protected override int LimitRows(ColumnVector vector, int from, int count) => count;

    protected override void AppendValues(ColumnVector vector, int from, int count, int nulls)
    {
        int bytes = Bitmap.ByteCount(_bitCount + count) + 1;
        int missing = Math.Max(0, LevelRoom + bytes - Body.Length);
        Body.Reserve(missing);
        Body.Advance(missing);
        Span<byte> room = Body.Edit(LevelRoom, bytes);
        if (nulls == 0)
        {
            BitRun.Copy(vector.Bytes, from, room, _bitCount, count);
            _trueCount += BitRun.CountOnes(vector.Bytes, from, count);
            _bitCount += count;
        }
        else
        {
            for (int i = from; i < from + count; i++)
            {
                if (vector.IsValid(i))
                {
                    bool value = vector.BooleanAt(i);
                    int bit = 1 << (_bitCount & 7);
                    room[_bitCount >> 3] = (byte)((room[_bitCount >> 3] & (bit - 1)) | (value ? bit : 0));
                    _trueCount += value ? 1 : 0;
                    _bitCount++;
                }
            }
        }

        Body.TruncateTo(LevelRoom + Bitmap.ByteCount(_bitCount));
    }

    protected override void FinishBounds(ref EncodedPage page)
    {
        if (_bitCount > 0)
        {
            SetBounds(ref page, [_trueCount == _bitCount ? (byte)1 : (byte)0], true, [_trueCount > 0 ? (byte)1 : (byte)0], true);
        }

        _bitCount = 0;
        _trueCount = 0;
    }
}
