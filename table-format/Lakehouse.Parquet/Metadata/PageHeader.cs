namespace Lakehouse.Parquet;

/// <summary>What stands before a page (parquet.thrift PageHeader with its DataPageHeader or DictionaryPageHeader).</summary>
public readonly record struct PageHeader
{
    /// <summary>What the page is.</summary>
    public PageType Type { get; init; }

    /// <summary>Bytes of the body before compression.</summary>
    public int UncompressedPageSize { get; init; }

    /// <summary>Bytes of the body in the file.</summary>
    public int CompressedPageSize { get; init; }

    /// <summary>CRC-32 of the body as it lies in the file.</summary>
    public int? Crc { get; init; }

    /// <summary>Values, nulls included; of a dictionary its entries.</summary>
    public int NumValues { get; init; }

    /// <summary>Encoding of the values.</summary>
    public ParquetEncoding Encoding { get; init; }

    /// <summary>Encoding of the definition levels of a data page.</summary>
    public ParquetEncoding DefinitionLevelEncoding { get; init; }

    /// <summary>Encoding of the repetition levels of a data page.</summary>
    public ParquetEncoding RepetitionLevelEncoding { get; init; }

    /// <summary>V2 only: bytes of the definition levels, which come second.</summary>
    public int DefinitionLevelsByteLength { get; init; }

    /// <summary>V2 only: bytes of the repetition levels, which come first.</summary>
    public int RepetitionLevelsByteLength { get; init; }

    /// <summary>V2 only: rows of the page.</summary>
    public int? NumRows { get; init; }

    /// <summary>V2 only: nulls among the values.</summary>
    public int? NumNulls { get; init; }

    /// <summary>False on V2 pages whose values are not compressed although the chunk has a codec.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>V2 only: bytes of both levels; -1 when they make no sense.</summary>
    internal int LevelsByteLength =>
        DefinitionLevelsByteLength < 0 || RepetitionLevelsByteLength < 0 || DefinitionLevelsByteLength > int.MaxValue - RepetitionLevelsByteLength
            ? -1
            : DefinitionLevelsByteLength + RepetitionLevelsByteLength;
}
