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
}
