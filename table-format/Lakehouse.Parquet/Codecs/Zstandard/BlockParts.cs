namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// What a block is made of (RFC 8878 section 3.1.1.3): sequences of <c>literals, then a copy of so many bytes from so far back</c>, and the
/// literals behind the last one. Offsets are as in the format: 1 stands for the one before, others are three more than the distance.
/// </summary>
internal sealed class BlockParts
{
    /// <summary>Bytes that a block stands for at most.</summary>
    internal const int BytesMax = 128 * 1024;

    /// <summary>Copies are of three bytes at least.</summary>
    internal const int CopyMin = 3;

    // A value of four bytes, the narrowest, is one sequence at most; and literals are copied by 16 bytes.
    internal const int SequencesMax = BytesMax / 4;
    internal const int Slack = 16;

    internal Sequence[] Sequences { get; } = new Sequence[SequencesMax];

    internal byte[] Literals { get; } = new byte[BytesMax + Slack];

    internal int Count { get; set; }

    internal int LiteralCount { get; set; }

    /// <summary>The distance of the copy before, over all blocks of the frame.</summary>
    internal int LastDistance { get; set; }

    /// <summary>So many literals, then a copy.</summary>
    internal record struct Sequence(int LiteralLength, int CopyLength, int Offset);
}
