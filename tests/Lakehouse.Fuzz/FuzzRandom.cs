namespace Lakehouse.Fuzz;

/// <summary>Numbers that follow from seed and execution alone (SplitMix64), so that each execution can be made again by itself.</summary>
public struct FuzzRandom(ulong seed, ulong execution)
{
    private ulong _state = seed + (execution * 0x9E3779B97F4A7C15UL);

    /// <summary>64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15UL;
        ulong mixed = _state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>From 0 to before the end, which is above 0.</summary>
    public int Below(int end) => (int)(Next() % (ulong)end);
}
