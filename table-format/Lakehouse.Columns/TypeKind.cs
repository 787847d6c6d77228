namespace Lakehouse.Columns;

/// <summary>The kinds of column types. Each says what one value is in memory (Arrow columnar format, physical layouts).</summary>
public enum TypeKind
{
    /// <summary>One bit per value, least significant bit first.</summary>
    Boolean,

    /// <summary>32-bit signed integer.</summary>
    Int,

    /// <summary>64-bit signed integer.</summary>
    Long,

    /// <summary>IEEE 754 single precision.</summary>
    Float,

    /// <summary>IEEE 754 double precision.</summary>
    Double,

    /// <summary>Unscaled value as a 128-bit signed integer, little endian; precision 1 to 38.</summary>
    Decimal,

    /// <summary>Days since 1970-01-01 as a 32-bit signed integer.</summary>
    Date,

    /// <summary>Milliseconds since midnight as a 32-bit signed integer, 0 to 86,399,999.</summary>
    TimeMillis,

    /// <summary>Microseconds since midnight as a 64-bit signed integer, 0 to 86,399,999,999.</summary>
    TimeMicros,

    /// <summary>Milliseconds since 1970-01-01T00:00Z as a 64-bit signed integer.</summary>
    TimestampMillis,

    /// <summary>Microseconds since 1970-01-01T00:00Z as a 64-bit signed integer.</summary>
    TimestampMicros,

    /// <summary>Nanoseconds since midnight as a 64-bit signed integer; in files of others only.</summary>
    TimeNanos,

    /// <summary>Nanoseconds since 1970-01-01T00:00Z as a 64-bit signed integer; in files of others only.</summary>
    TimestampNanos,

    /// <summary>UTF-8 bytes, addressed by 32-bit offsets.</summary>
    String,

    /// <summary>Bytes, addressed by 32-bit offsets.</summary>
    Binary,

    /// <summary>Several named values; each child column has a slot for every slot of the struct.</summary>
    Struct,

    /// <summary>Any number of values of one type, which lie in a child column addressed by 32-bit offsets.</summary>
    List,

    /// <summary>Any number of keys, each with a value, in two child columns addressed by 32-bit offsets.</summary>
    Map,
}
