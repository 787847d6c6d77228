using Lakehouse.Formats;

namespace Lakehouse.Benchmarks;

/// <summary>JSON to columns, one thread.</summary>
internal static class JsonBenchmark
{
    internal static void Run(NdjsonFile file, int rounds)
    {
        foreach (int batchRows in new[] { 1024, 8192, 65536 })
        {
            using var decoder = new JsonDecoder(TripsSchema.Schema, new JsonDecoderOptions());
            Measurement.Print($"json batch={batchRows}", rounds, file.RowCount, file.JsonByteCount, () => Decode(file, decoder, batchRows));
        }
    }

    private static void Decode(NdjsonFile file, JsonDecoder decoder, int batchRows)
    {
        for (int i = 0; i < file.RowCount; i++)
        {
            if (!decoder.TryDecode(file[i], out DecodeError error))
            {
                throw new InvalidDataException($"Line {i + 1}: {error}");
            }

            if (decoder.RowCount == batchRows)
            {
                decoder.Finish().Dispose();
            }
        }

        decoder.Finish().Dispose();
    }
}
