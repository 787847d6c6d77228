namespace Lakehouse.Parquet;

/// <summary>How values lie in a file (parquet.thrift Type).</summary>
public enum ParquetType
{
    /// <summary>One bit.</summary>
    Boolean = 0,

    /// <summary>Four bytes, little endian.</summary>
    Int32 = 1,

    /// <summary>Eight bytes, little endian.</summary>
    Int64 = 2,

    /// <summary>Twelve bytes; old timestamps, never written here.</summary>
    Int96 = 3,

    /// <summary>IEEE 754 single precision.</summary>
    Float = 4,

    /// <summary>IEEE 754 double precision.</summary>
    Double = 5,

    /// <summary>Bytes behind a 32-bit length.</summary>
    ByteArray = 6,

    /// <summary>Bytes of the length that the schema gives.</summary>
    FixedLenByteArray = 7,
}

/// <summary>How the values of a page are encoded (parquet.thrift Encoding).</summary>
public enum ParquetEncoding
{
    /// <summary>Values one after the other.</summary>
    Plain = 0,

    /// <summary>Old name of <see cref="RleDictionary"/>.</summary>
    PlainDictionary = 2,

    /// <summary>Run lengths and bit packing, for levels and booleans.</summary>
    Rle = 3,

    /// <summary>Deprecated levels.</summary>
    BitPacked = 4,

    /// <summary>Integers as packed differences.</summary>
    DeltaBinaryPacked = 5,

    /// <summary>Lengths as differences, then the bytes.</summary>
    DeltaLengthByteArray = 6,

    /// <summary>Shared prefixes left out.</summary>
    DeltaByteArray = 7,

    /// <summary>Indexes into the chunk's dictionary page.</summary>
    RleDictionary = 8,

    /// <summary>The bytes of each position together.</summary>
    ByteStreamSplit = 9,
}

/// <summary>How the pages of a column chunk are compressed (parquet.thrift CompressionCodec).</summary>
public enum CompressionCodec
{
    /// <summary>Not at all.</summary>
    Uncompressed = 0,

    /// <summary>Snappy.</summary>
    Snappy = 1,

    /// <summary>Gzip.</summary>
    Gzip = 2,

    /// <summary>LZO; not read.</summary>
    Lzo = 3,

    /// <summary>Brotli.</summary>
    Brotli = 4,

    /// <summary>LZ4 with Hadoop framing.</summary>
    Lz4 = 5,

    /// <summary>Zstandard frames.</summary>
    Zstd = 6,

    /// <summary>LZ4 blocks.</summary>
    Lz4Raw = 7,
}

/// <summary>What a page holds (parquet.thrift PageType).</summary>
public enum PageType
{
    /// <summary>Levels and values, compressed together.</summary>
    DataPage = 0,

    /// <summary>Never written by anyone; skipped.</summary>
    IndexPage = 1,

    /// <summary>The dictionary of the chunk.</summary>
    DictionaryPage = 2,

    /// <summary>Levels uncompressed, values compressed.</summary>
    DataPageV2 = 3,
}

/// <summary>Whether a value may be missing or repeated (parquet.thrift FieldRepetitionType).</summary>
public enum FieldRepetitionType
{
    /// <summary>Exactly one.</summary>
    Required = 0,

    /// <summary>None or one.</summary>
    Optional = 1,

    /// <summary>Any number.</summary>
    Repeated = 2,
}

/// <summary>How the bounds in a column index follow each other (parquet.thrift BoundaryOrder).</summary>
public enum BoundaryOrder
{
    /// <summary>No order.</summary>
    Unordered = 0,

    /// <summary>Minima and maxima never fall.</summary>
    Ascending = 1,

    /// <summary>Minima and maxima never rise.</summary>
    Descending = 2,
}

/// <summary>The meaning of a column (parquet.thrift LogicalType); values are the field ids of that union.</summary>
public enum LogicalTypeKind
{
    /// <summary>A kind that this library does not know.</summary>
    Unknown = 0,

    /// <summary>UTF-8.</summary>
    String = 1,

    /// <summary>Keys and values.</summary>
    Map = 2,

    /// <summary>Any number of elements.</summary>
    List = 3,

    /// <summary>One of a set of texts.</summary>
    Enum = 4,

    /// <summary>Unscaled integer with a decimal scale.</summary>
    Decimal = 5,

    /// <summary>Days since 1970-01-01.</summary>
    Date = 6,

    /// <summary>Time of day.</summary>
    Time = 7,

    /// <summary>Point in time.</summary>
    Timestamp = 8,

    /// <summary>Integer of a width.</summary>
    Integer = 10,

    /// <summary>Nothing but nulls.</summary>
    Null = 11,

    /// <summary>A JSON document as UTF-8.</summary>
    Json = 12,

    /// <summary>A BSON document.</summary>
    Bson = 13,

    /// <summary>16 bytes, big endian.</summary>
    Uuid = 14,

    /// <summary>IEEE 754 half precision in two bytes, little endian.</summary>
    Float16 = 15,

    /// <summary>A value of any type in two binaries.</summary>
    Variant = 16,

    /// <summary>Well-known binary, on a plane.</summary>
    Geometry = 17,

    /// <summary>Well-known binary, on an ellipsoid.</summary>
    Geography = 18,
}

/// <summary>In which order bounds of a column are meant (parquet.thrift ColumnOrder); values are the field ids of that union.</summary>
public enum ColumnOrder
{
    /// <summary>An order that this library does not know.</summary>
    Unknown = 0,

    /// <summary>The order of the column's type.</summary>
    Type = 1,

    /// <summary>The total order of IEEE 754 floating point numbers.</summary>
    Ieee754 = 2,
}

/// <summary>The unit of a time or timestamp; values are the field ids of parquet.thrift TimeUnit.</summary>
public enum TimestampUnit
{
    /// <summary>Milliseconds.</summary>
    Millis = 1,

    /// <summary>Microseconds.</summary>
    Micros = 2,

    /// <summary>Nanoseconds.</summary>
    Nanos = 3,
}
