using System.Buffers.Binary;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>Gives the constants of a finished file other values of the same length, without encoding anything again.</summary>
public static class ParquetPatches
{
    /// <summary>
    /// The patches that make a file hold the new values, ascending and without overlap. Throws <see cref="ArgumentException"/> when a
    /// patchable column has no new value or one of another length.
    /// </summary>
    public static IReadOnlyList<Patch> For(ParquetFileSummary summary, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> values)
    {
        ArgumentNullException.ThrowIfNull(summary);
        return For(summary.PatchPoints, values);
    }

    /// <summary>As the other overload, from the patch points alone.</summary>
    public static IReadOnlyList<Patch> For(IReadOnlyList<PatchPoint> points, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> values)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(values);
        var patches = new List<Patch>(points.Count);
        foreach (PatchPoint point in points)
        {
            if (!values.TryGetValue(point.Column, out ReadOnlyMemory<byte> value))
            {
                throw new ArgumentException($"No new value for the patchable column '{point.Column}'.", nameof(values));
            }

            if (point.Kind == PatchKind.PageCrc)
            {
                byte[] crc = new byte[point.Length];
                ThriftWriter.WritePaddedZigZag(DictionaryPageCrc(value.Span), crc);
                patches.Add(new Patch(point.Offset, crc));
            }
            else if (value.Length != point.Length)
            {
                throw new ArgumentException(
                    $"Column '{point.Column}' holds {point.Length} bytes, its new value has {value.Length}.", nameof(values));
            }
            else if (value.Length > 0)
            {
                patches.Add(new Patch(point.Offset, value));
            }
        }

        patches.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        return patches;
    }

    internal static int DictionaryPageCrc(ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, value.Length);
        return (int)Crc32.Append(Crc32.Append(0, length), value);
    }
}
