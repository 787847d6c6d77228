namespace Lakehouse.Columns;

/// <summary>What holds for decimals as unscaled 128-bit integers, wherever they are read or written.</summary>
public static class Decimals
{
    /// <summary>The most digits that a decimal has.</summary>
    public const int PrecisionMax = 38;

    private static readonly Int128[] Powers = MakePowers();

    /// <summary>Ten to an exponent of 0 to 38.</summary>
    public static Int128 PowerOfTen(int exponent) => Powers[exponent];

    /// <summary>
    /// Bytes of the smallest two's complement number that holds every decimal of a precision of 1 to 38: what Parquet and Avro store.
    /// </summary>
    public static int ByteCount(int precision)
    {
        Int128 largest = PowerOfTen(precision) - 1;
        int bytes = 1;
        while (bytes < 16 && largest >> ((8 * bytes) - 1) != 0)
        {
            bytes++;
        }

        return bytes;
    }

    private static Int128[] MakePowers()
    {
        var powers = new Int128[PrecisionMax + 1];
        powers[0] = 1;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }
}
