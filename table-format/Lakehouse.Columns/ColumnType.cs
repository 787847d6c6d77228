namespace Lakehouse.Columns;

/// <summary>The type of a column: its kind and, for decimals only, precision (1 to 38) and scale (0 to precision).</summary>
public readonly record struct ColumnType
{
    private ColumnType(TypeKind kind, byte precision, byte scale) =>
        (Kind, Precision, Scale) = (kind, precision, scale);

    /// <summary>What one value is.</summary>
    public TypeKind Kind { get; }

    /// <summary>Decimal digits of a decimal; 0 otherwise.</summary>
    public byte Precision { get; }

    /// <summary>Digits after the point of a decimal; 0 otherwise.</summary>
    public byte Scale { get; }

    /// <summary>Bytes per value, or 0 for booleans (bits) and for strings and binary (variable).</summary>
    public int Width => Kind switch
    {
        TypeKind.Int or TypeKind.Float or TypeKind.Date => 4,
        TypeKind.Long or TypeKind.Double or TypeKind.TimestampMillis or TypeKind.TimestampMicros => 8,
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

    /// <summary>Every kind but decimal is a type by itself.</summary>
    public static implicit operator ColumnType(TypeKind kind)
    {
        if (kind == TypeKind.Decimal)
        {
            throw new ArgumentException("A decimal needs a precision and a scale.", nameof(kind));
        }

        return new ColumnType(kind, 0, 0);
    }

    /// <summary>The type as pipelines write it, such as <c>timestamp_millis</c> or <c>decimal(10,2)</c>.</summary>
    public override string ToString() => Kind switch
    {
        TypeKind.Decimal => FormattableString.Invariant($"decimal({Precision},{Scale})"),
        TypeKind.TimestampMillis => "timestamp_millis",
        TypeKind.TimestampMicros => "timestamp_micros",
        _ => Kind.ToString().ToLowerInvariant(),
    };

    /// <summary>Reads the text form of <see cref="ToString"/>; false when it names no type.</summary>
    public static bool TryParse(string text, out ColumnType type)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (TypeKind kind in Enum.GetValues<TypeKind>())
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
