using Lakehouse.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>
/// A decoder with defects on purpose. A runner that does not find one of them finds nothing: <c>canary</c> must fail.
/// </summary>
internal static class CanaryTarget
{
    internal static FuzzTarget Create() => new("canary", [[1, 2, 3, 4], [4, 9, 9, 9, 9]], Run);

    /// <summary>A length that is believed: beyond the end it throws what it must not, large it allocates what nobody asked for.</summary>
    private static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            throw new ParquetFormatException("Nothing.");
        }

        byte[] values = new byte[input[0] * 1000];
        input.AsSpan(1, input[0]).CopyTo(values);
    }
}
