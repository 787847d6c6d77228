using System.Collections.Immutable;

namespace Lakehouse.Columns;

/// <summary>
/// The type of a column: its kind; for decimals only, precision (1 to 38) and scale (0 to precision); for structs, lists and maps only,
/// what they consist of.
/// </summary>
public readonly record struct ColumnType
{
    /// <summary>The kinds that tables have and that are not nested, decimals among them.</summary>
    public static readonly ImmutableArray<TypeKind> ScalarKinds =
    [
        .. Enum.GetValues<TypeKind>().Where(static k =>
            k is not (TypeKind.Struct or TypeKind.List or TypeKind.Map or TypeKind.TimeNanos or TypeKind.TimestampNanos)),
    ];

    private readonly Schema? _children;

    private ColumnType(TypeKind kind, byte precision, byte scale, Schema? children = null) =>
        (Kind, Precision, Scale, _children) = (kind, precision, scale, children);

    /// <summary>What one value is.</summary>
    public TypeKind Kind { get; }

    /// <summary>Decimal digits of a decimal; 0 otherwise.</summary>
    public byte Precision { get; }

    /// <summary>Digits after the point of a decimal; 0 otherwise.</summary>
    public byte Scale { get; }

    /// <summary>A struct's fields, a list's element, a map's key and value; empty for all others.</summary>
    public ImmutableArray<Field> Children => _children?.Fields ?? [];

    /// <summary>True for structs, lists and maps: values lie in child columns.</summary>
    public bool IsNested => Kind is TypeKind.Struct or TypeKind.List or TypeKind.Map;

    /// <summary>Bytes per value, or 0 for booleans (bits), for strings and binary (variable) and for nested types.</summary>
    public int Width => Kind switch
    {
        TypeKind.Int or TypeKind.Float or TypeKind.Date or TypeKind.TimeMillis => 4,
        TypeKind.Long or TypeKind.Double or TypeKind.TimeMicros or TypeKind.TimestampMillis or TypeKind.TimestampMicros
            or TypeKind.TimeNanos or TypeKind.TimestampNanos => 8,
        TypeKind.Decimal => 16,
        _ => 0,
    };

    /// <summary>True for strings and binary: values lie in a byte slab behind offsets.</summary>
    public bool IsVariableWidth => Kind is TypeKind.String or TypeKind.Binary;

    /// <summary>A decimal type. Throws when precision is not 1 to 38 or scale exceeds it.</summary>
    public static ColumnType Decimal(int precision, int scale)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(precision, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(precision, Decimals.PrecisionMax);
        ArgumentOutOfRangeException.ThrowIfNegative(scale);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scale, precision);
        return new ColumnType(TypeKind.Decimal, (byte)precision, (byte)scale);
    }

    /// <summary>A struct of fields, whose names are unique.</summary>
    public static ColumnType Struct(params ReadOnlySpan<Field> fields) => new(TypeKind.Struct, 0, 0, new Schema(fields));

    /// <summary>A list of elements of a type; <paramref name="required"/> when none of them is null.</summary>
    public static ColumnType List(ColumnType element, bool required = false) =>
        new(TypeKind.List, 0, 0, new Schema(new Field("element", element, required)));

    /// <summary>A map; keys are never null, values only unless <paramref name="required"/>.</summary>
    public static ColumnType Map(ColumnType key, ColumnType value, bool required = false) =>
        new(TypeKind.Map, 0, 0, new Schema(new Field("key", key, true), new Field("value", value, required)));

    /// <summary>Every kind but decimal and the nested ones is a type by itself.</summary>
    public static implicit operator ColumnType(TypeKind kind)
    {
        if (kind is TypeKind.Decimal or TypeKind.Struct or TypeKind.List or TypeKind.Map)
        {
            throw new ArgumentException($"A type of kind {kind} needs more than its kind.", nameof(kind));
        }

        return new ColumnType(kind, 0, 0);
    }

    /// <summary>The type as pipelines write it, such as <c>timestamp_millis</c> or <c>decimal(10,2)</c>.</summary>
    public override string ToString() => Kind switch
    {
        TypeKind.Decimal => FormattableString.Invariant($"decimal({Precision},{Scale})"),
        TypeKind.TimeMillis => "time_millis",
        TypeKind.TimeMicros => "time_micros",
        TypeKind.TimestampMillis => "timestamp_millis",
        TypeKind.TimestampMicros => "timestamp_micros",
        TypeKind.TimeNanos => "time_nanos",
        TypeKind.TimestampNanos => "timestamp_nanos",
        TypeKind.Struct => $"struct<{_children}>",
        TypeKind.List => $"list<{Children[0].Type}>",
        TypeKind.Map => $"map<{Children[0].Type}, {Children[1].Type}>",
        _ => Kind.ToString().ToLowerInvariant(),
    };

    /// <summary>Reads the text form of <see cref="ToString"/>; false when it names no type that tables have and that is not nested.</summary>
    public static bool TryParse(string text, out ColumnType type)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (TypeKind kind in ScalarKinds)
        {
            if (kind != TypeKind.Decimal && text == ((ColumnType)kind).ToString())
            {
                type = kind;
                return true;
            }
        }

        type = default;
        if (!text.StartsWith("decimal(", StringComparison.Ordinal) || !text.EndsWith(')'))
        {
            return false;
        }

        string[] digits = text["decimal(".Length..^1].Split(',', StringSplitOptions.TrimEntries);
        if (digits.Length != 2 || !byte.TryParse(digits[0], out byte precision) || !byte.TryParse(digits[1], out byte scale)
            || precision is < 1 or > Decimals.PrecisionMax || scale > precision)
        {
            return false;
        }

        type = Decimal(precision, scale);
        return true;
    }
}
