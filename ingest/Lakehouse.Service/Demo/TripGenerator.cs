using System.Buffers.Text;
using System.Text;

namespace Lakehouse.Service;

/// <summary>
/// Trips of a city's taxis as JSON, 13 fields each. Everything follows from the trip's number, so what a topic holds can be computed again
/// when the table is verified. One trip in a thousand has a negative fare, which the pipeline filters out; one in five thousand is broken
/// in one of four ways, which dead letters catch.
/// </summary>
internal sealed class TripGenerator
{
    /// <summary>No trip is longer.</summary>
    internal const int ByteCountMax = 512;

    private const long FirstDayMillis = 1_763_510_400_000; // 2025-11-19T00:00Z
    private const long SpanMillis = 2 * 86_400_000L; // two days, so two table partitions
    private static readonly byte[][] Cities =
        Texts("amsterdam berlin chicago delhi edinburgh florence geneva hanoi istanbul jakarta kyoto lima");
    private static readonly byte[][] Statuses = Texts("done done done done done canceled no_show refund");
    private static readonly byte[][] Payments = Texts("card card card cash cash wallet corporate");
    private static readonly byte[][] Surges = Texts("1.0 1.0 1.0 1.0 1.2 1.5 2.0");
    private static readonly byte[][] Words =
        Texts("gate two bags rear door please call on arrival dog kid seat quiet lobby side entrance late");
    private readonly long _recordCount;

    /// <summary>A generator of a number of trips, spread evenly over the two days.</summary>
    internal TripGenerator(long recordCount) => _recordCount = Math.Max(1, recordCount);

    /// <summary>What a trip will become.</summary>
    internal static TripFate FateOf(long number)
    {
        ulong draw = Mix(number, 99);
        return draw % 5000 == 7 ? TripFate.DeadLetter : draw % 1000 == 3 ? TripFate.Filtered : TripFate.Row;
    }

    /// <summary>The fare of a trip in cents.</summary>
    internal static long FareCents(long number)
    {
        long cents = 250 + (long)(Mix(number, 4) % 6000);
        return FateOf(number) == TripFate.Filtered ? -cents : cents;
    }

    /// <summary>Writes one trip and returns its length.</summary>
    internal int Write(long number, Span<byte> destination)
    {
        if (FateOf(number) == TripFate.DeadLetter)
        {
            return WriteBroken(number, destination);
        }

        var json = new Utf8Line(destination);
        json.Raw("{\"trip_id\":\""u8);
        WriteId(ref json, number);
        json.Raw("\",\"rider\":\"r"u8);
        json.Number((long)(Mix(number, 1) % 20_000));
        json.Raw("\",\"driver\":\"d"u8);
        json.Number((long)(Mix(number, 2) % 5_000));
        json.Raw("\",\"city\":\""u8);
        json.Raw(Skewed(Cities, Mix(number, 3)));
        json.Raw("\",\"event_time\":"u8);
        json.Number(FirstDayMillis + (long)((double)number / _recordCount * SpanMillis));
        json.Raw(",\"fare\":"u8);
        json.Hundredths(FareCents(number));
        json.Raw(",\"distance_km\":"u8);
        json.Hundredths(30 + (long)(Mix(number, 5) % 4000));
        json.Raw(",\"surge\":"u8);
        json.Raw(Any(Surges, Mix(number, 6)));
        json.Raw(",\"status\":\""u8);
        json.Raw(Any(Statuses, Mix(number, 7)));
        json.Raw("\",\"lat\":"u8);
        json.Hundredths(3700 + (long)(Mix(number, 8) % 200));
        json.Raw(",\"lon\":"u8);
        json.Hundredths(-12200 + (long)(Mix(number, 9) % 200));
        json.Raw(",\"payment\":\""u8);
        json.Raw(Any(Payments, Mix(number, 10)));
        json.Raw("\",\"notes\":"u8);
        WriteNotes(ref json, number);
        json.Raw("}"u8);
        return json.Length;
    }

    private static int WriteBroken(long number, Span<byte> destination)
    {
        var json = new Utf8Line(destination);
        switch (Mix(number, 11) % 4)
        {
            case 0: // cut off in the middle
                json.Raw("{\"trip_id\":\""u8);
                WriteId(ref json, number);
                json.Raw("\",\"rider\":\"r1"u8);
                break;
            case 1: // a required field is missing
                json.Raw("{\"rider\":\"r1\",\"city\":\"lima\",\"fare\":12.50}"u8);
                break;
            case 2: // a text where a number belongs
                json.Raw("{\"trip_id\":\""u8);
                WriteId(ref json, number);
                json.Raw("\",\"event_time\":1763510400000,\"fare\":\"a lot\"}"u8);
                break;
            default:
                json.Raw("plain text, not JSON"u8);
                break;
        }

        return json.Length;
    }

    private static void WriteId(ref Utf8Line json, long number)
    {
        json.Hex(Mix(number, 12), 8);
        json.Raw("-"u8);
        json.Hex(Mix(number, 13), 4);
        json.Raw("-4"u8);
        json.Hex(Mix(number, 14), 3);
        json.Raw("-a"u8);
        json.Hex(Mix(number, 15), 3);
        json.Raw("-"u8);
        json.Hex((ulong)number, 12);
    }

    private static void WriteNotes(ref Utf8Line json, long number)
    {
        ulong draw = Mix(number, 16);
        if (draw % 10 < 3)
        {
            json.Raw("null"u8);
            return;
        }

        json.Raw("\""u8);
        for (int i = 0; i < 3 + (int)(draw % 4); i++)
        {
            json.Raw(i == 0 ? ""u8 : " "u8);
            json.Raw(Any(Words, Mix(number, 17 + i)));
        }

        json.Raw("\""u8);
    }

    private static byte[] Any(byte[][] values, ulong draw) => values[draw % (ulong)values.Length];

    /// <summary>The first values come much more often than the last ones.</summary>
    private static byte[] Skewed(byte[][] values, ulong draw)
    {
        double unit = (draw >> 11) * (1.0 / (1UL << 53));
        return values[(int)(unit * unit * values.Length)];
    }

    /// <summary>A well-mixed number for a trip and one of its fields (the finaliser of splitmix64).</summary>
    private static ulong Mix(long number, int field)
    {
        ulong z = ((ulong)number * 64) + (ulong)field + 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    private static byte[][] Texts(string text) => [.. text.Split(' ').Select(Encoding.UTF8.GetBytes)];

    /// <summary>Bytes written one after the other into a span that is known to be large enough.</summary>
    private ref struct Utf8Line(Span<byte> destination)
    {
        private readonly Span<byte> _destination = destination;

        internal int Length { get; private set; }

        internal void Raw(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_destination[Length..]);
            Length += bytes.Length;
        }

        internal void Number(long value)
        {
            Utf8Formatter.TryFormat(value, _destination[Length..], out int written);
            Length += written;
        }

        internal void Hundredths(long value)
        {
            if (value < 0)
            {
                Raw("-"u8);
                value = -value;
            }

            Number(value / 100);
            Raw("."u8);
            _destination[Length++] = (byte)('0' + (value / 10 % 10));
            _destination[Length++] = (byte)('0' + (value % 10));
        }

        internal void Hex(ulong value, int digits)
        {
            for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
            {
                _destination[Length++] = "0123456789abcdef"u8[(int)(value >> shift) & 15];
            }
        }
    }
}

/// <summary>What becomes of a trip.</summary>
internal enum TripFate
{
    /// <summary>It is a row of the table.</summary>
    Row,

    /// <summary>Its fare is negative: the filter takes it out.</summary>
    Filtered,

    /// <summary>It cannot be decoded: it goes to the dead letters.</summary>
    DeadLetter,
}
