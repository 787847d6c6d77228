namespace Lakehouse.Parquet;

/// <summary>What the bytes at a patch point are.</summary>
public enum PatchKind
{
    /// <summary>The bytes of the constant itself.</summary>
    Value,

    /// <summary>A zigzag varint padded to five bytes: the CRC of the dictionary page, <c>u32 length | value</c>.</summary>
    PageCrc,
}

/// <summary>A range of a finished file that depends on the value of a patchable constant column.</summary>
public readonly record struct PatchPoint(string Column, PatchKind Kind, long Offset, int Length);
