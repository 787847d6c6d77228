namespace Lakehouse.Fuzz;

/// <summary>
/// Something that takes bytes from outside. It may refuse them with a <see cref="Lakehouse.Parquet.ParquetFormatException"/>; any other
/// exception, a hang or an allocation that the input does not justify is a defect.
/// </summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Samples">Inputs that are taken, or nearly: what mutations start from.</param>
/// <param name="Run">Feeds one input.</param>
public sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Samples, Action<byte[]> Run);
