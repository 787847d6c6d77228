namespace Lakehouse.Parquet;

/// <summary>What is done to a column chunk of an input, from the cheapest on.</summary>
public enum MergeTier
{
    /// <summary>A column of one value is made anew; the input is not read.</summary>
    Constant,

    /// <summary>The input has no such column: nulls are made.</summary>
    Pad,

    /// <summary>The chunk goes over whole, with its row group.</summary>
    Stitch,

    /// <summary>Pages go over byte by byte, behind one dictionary page for all inputs.</summary>
    Copy,

    /// <summary>Pages are decompressed, their dictionary indexes replaced, and compressed again; values are not looked at.</summary>
    Remap,

    /// <summary>Pages are decompressed and compressed again, with another codec or with definition levels added.</summary>
    Transcode,

    /// <summary>Pages are too small: they are decompressed and joined.</summary>
    Coalesce,

    /// <summary>Values are decoded and encoded again, in this column only.</summary>
    Reencode,
}
