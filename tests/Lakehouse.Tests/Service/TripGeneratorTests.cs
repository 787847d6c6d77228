using System.Text.Json;
using Lakehouse.Service;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class TripGeneratorTests
{
    [Fact]
    public void Trips_are_json_with_thirteen_fields_except_for_the_broken_ones()
    {
        var generator = new TripGenerator(20_000);
        byte[] buffer = new byte[TripGenerator.ByteCountMax];
        var fates = new int[3];
        for (long number = 0; number < 20_000; number++)
        {
            TripFate fate = TripGenerator.FateOf(number);
            fates[(int)fate]++;
            int length = generator.Write(number, buffer);
            if (fate == TripFate.DeadLetter)
            {
                continue;
            }

            using JsonDocument trip = JsonDocument.Parse(buffer.AsMemory(0, length));
            Assert.Equal(13, trip.RootElement.EnumerateObject().Count());
            Assert.Equal(36, trip.RootElement.GetProperty("trip_id").GetString()!.Length);
            Assert.Equal(TripGenerator.FareCents(number) / 100m, trip.RootElement.GetProperty("fare").GetDecimal());
            Assert.Equal(fate == TripFate.Filtered, trip.RootElement.GetProperty("fare").GetDecimal() < 0);
        }

        Assert.All(fates, f => Assert.InRange(f, 1, 20_000));
    }

    [Fact]
    public void The_same_number_gives_the_same_bytes()
    {
        byte[] first = new byte[TripGenerator.ByteCountMax];
        byte[] second = new byte[TripGenerator.ByteCountMax];
        for (long number = 0; number < 100; number++)
        {
            int length = new TripGenerator(100).Write(number, first);
            Assert.Equal(length, new TripGenerator(100).Write(number, second));
            Assert.Equal(first.AsSpan(0, length), second.AsSpan(0, length));
        }
    }
}
