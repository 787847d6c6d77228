using System.Security.Cryptography;

namespace Lakehouse.Service;

/// <summary>
/// The one place where the outside world's clock and chance enter. Everything below takes them as arguments, so that the simulator can
/// give its own.
/// </summary>
internal static class ProcessFacts
{
    /// <summary>The wall clock.</summary>
    internal static TimeProvider Time => TimeProvider.System;

    /// <summary>A new source of chance with an unpredictable seed. Thread safe.</summary>
    internal static Random NewRandom() => new LockedRandom(new Random(RandomNumberGenerator.GetInt32(int.MaxValue)));
}
