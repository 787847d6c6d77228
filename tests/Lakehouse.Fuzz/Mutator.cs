using System.Buffers.Binary;

namespace Lakehouse.Fuzz;

/// <summary>Makes an input from samples: one of them with a few changes of the kinds that break decoders.</summary>
internal static class Mutator
{
    private const int ChangesMax = 6;
    private const int LengthMax = 1 << 20;
    private static readonly long[] Extremes = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue,
        long.MaxValue, long.MinValue, 1L << 40];

    internal static byte[] Mutate(IReadOnlyList<byte[]> samples, ref FuzzRandom random)
    {
        byte[] input = [.. samples[random.Below(samples.Count)]];
        for (int changes = random.Below(ChangesMax + 1); changes > 0; changes--)
        {
            input = Change(input, samples, ref random);
        }

        return input;
    }

    private static byte[] Change(byte[] input, IReadOnlyList<byte[]> samples, ref FuzzRandom random)
    {
        if (input.Length == 0)
        {
            return [(byte)random.Next()];
        }

        int at = random.Below(input.Length);
        switch (random.Below(9))
        {
            case 0:
                input[at] ^= (byte)(1 << random.Below(8));
                return input;
            case 1:
                input[at] = (byte)random.Next();
                return input;
            case 2:
                return input[..at];
            case 3:
                return [.. input[..at], .. input[Math.Min(input.Length, at + 1 + random.Below(16))..]];
            case 4:
                byte[] noise = new byte[1 + random.Below(16)];
                for (int i = 0; i < noise.Length; i++)
                {
                    noise[i] = (byte)random.Next();
                }

                return [.. input[..at], .. noise, .. input[at..]];
            case 5:
                Span<byte> extreme = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(extreme, Extremes[random.Below(Extremes.Length)]);
                extreme[..Math.Min(input.Length - at, 1 << random.Below(4))].CopyTo(input.AsSpan(at));
                return input;
            case 6:
                // A varint of the longest kind, where lengths and counts stand.
                byte[] large = [.. Enumerable.Repeat((byte)0xFF, 1 + random.Below(9)), (byte)random.Below(128)];
                large.AsSpan(0, Math.Min(large.Length, input.Length - at)).CopyTo(input.AsSpan(at));
                return input;
            case 7:
                byte[] other = samples[random.Below(samples.Count)];
                return other.Length == 0 ? input : [.. input[..at], .. other[random.Below(other.Length)..]];
            default:
                int length = Math.Min(1 + random.Below(64), input.Length - at);
                return input.Length + length > LengthMax ? input : [.. input[..(at + length)], .. input[at..]];
        }
    }
}
