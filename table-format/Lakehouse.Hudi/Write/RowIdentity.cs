using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// Where rows come from, which makes them identifiable: <c>_hoodie_commit_seqno</c> and, in tables without record key,
/// <c>_hoodie_record_key</c> are the prefix followed by the row's offset. It does not contain the instant, so it survives a second try.
/// </summary>
/// <param name="Prefix">UTF-8, such as <c>trips-0-</c>.</param>
/// <param name="Offsets">One long per row, no nulls; still the caller's.</param>
public readonly record struct RowIdentity(ReadOnlyMemory<byte> Prefix, ColumnVector Offsets);
