namespace Lakehouse.Parquet;

/// <summary>The older annotations of a schema element (parquet.thrift ConvertedType).</summary>
internal static class ConvertedTypes
{
    internal const int Utf8 = 0;
    internal const int Map = 1;
    internal const int MapKeyValue = 2;
    internal const int List = 3;
    internal const int Enum = 4;
    internal const int Decimal = 5;
    internal const int Date = 6;
    internal const int TimeMillis = 7;
    internal const int TimeMicros = 8;
    internal const int TimestampMillis = 9;
    internal const int TimestampMicros = 10;
    internal const int UnsignedInt8 = 11;
    internal const int UnsignedInt32 = 13;
    internal const int UnsignedInt64 = 14;
    internal const int SignedInt64 = 18;
    internal const int Json = 19;
    internal const int Interval = 21;
}
