using System.Globalization;

namespace Lakehouse.Hudi;

/// <summary>Nonces: 16 lower-case hexadecimal digits that tell one try from every other.</summary>
internal static class NonceText
{
    internal const int Length = 16;

    internal static string Next(Random random) =>
        random.NextInt64(long.MinValue, long.MaxValue).ToString("x16", CultureInfo.InvariantCulture);

    internal static bool IsNonce(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }

        return text.Length == Length;
    }
}
