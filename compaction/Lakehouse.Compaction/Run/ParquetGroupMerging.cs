using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Compaction;

/// <summary>
/// Merges Parquet files: opens the inputs, parts those whose columns do not go together, and lets the merger make one file of each part.
/// Meta columns stay as they are, but for the file name, which is patched when the instant is known. Thread safe.
/// </summary>
internal sealed class ParquetGroupMerging(HudiTable table, CompactionPolicy policy, TimeProvider time) : IGroupMerging
{
    private readonly IObjectStore _store =
        policy.IoBytesPerSecond is { } rate ? new PacedObjectStore(table.Store, rate, time) : table.Store;

    /// <inheritdoc/>
    public async Task<MergedGroup> MergeAsync(CompactionGroup group, ObjectPath staging, CancellationToken cancellation)
    {
        (ImmutableArray<MergePart> parts, ImmutableArray<string> refused) = await OpenAsync(group, families: null, cancellation);
        var files = ImmutableArray.CreateBuilder<(StagedFile, MergedFile)>();
        var more = refused.ToBuilder();
        foreach (MergePart part in parts)
        {
            try
            {
                files.Add(await MergeAsync(group, part, staging, cancellation));
            }
            catch (Exception wrong) when (wrong is ParquetFormatException or InvalidDataException)
            {
                more.Add($"{part.Inputs.Length} files of '{group.PartitionPath}' stay as they are: {wrong.Message}");
            }
        }

        return new MergedGroup(files.ToImmutable(), more.ToImmutable());
    }

    /// <summary>How a group would be merged, output by output. Reads footers and dictionaries, writes nothing.</summary>
    internal async Task<GroupForecast> ForecastAsync(CompactionGroup group, CancellationToken cancellation)
    {
        using var families = new DictionaryFamilies();
        (ImmutableArray<MergePart> parts, ImmutableArray<string> refused) = await OpenAsync(group, families, cancellation);
        return new GroupForecast(
            group,
            [.. parts.Select(part => new OutputForecast(part.Inputs, MergePlanning.Plan(part.Sources, OptionsOf(part, FileOf(group, default)))))],
            refused);
    }

    private async Task<(StagedFile, MergedFile)> MergeAsync(
        CompactionGroup group, MergePart part, ObjectPath staging, CancellationToken cancellation)
    {
        ReplacementFile file = FileOf(group, staging);
        MergeOptions options = OptionsOf(part, file);
        MergePlan plan = MergePlanning.Plan(part.Sources, options);
        ParquetFileSummary summary;
        await using (IObjectUpload upload = await _store.BeginUploadAsync(file.StagedPath, cancellation))
        {
            summary = await ParquetMerger.MergeAsync(plan, part.Sources, options, upload, cancellation);
            await upload.CompleteAsync(cancellation);
        }

        Invariant.Holds(summary.RowCount == part.Sources.Sum(static s => s.RowCount), "A merged file has all the rows of its inputs.");
        return (
            file.Complete(summary, [.. part.Inputs.Select(static i => i.Stat)]),
            new MergedFile(
            [
                .. part.Inputs.Zip(part.Sources, static (i, s) =>
                    new MergedSlice(i.File.PartitionPath, i.File.FileId, i.File.Path.Value, i.File.ByteCount, s.RowCount)),
            ]));
    }

    private async Task<(ImmutableArray<MergePart> Parts, ImmutableArray<string> Refused)> OpenAsync(
        CompactionGroup group, DictionaryFamilies? families, CancellationToken cancellation)
    {
        var sources = new MergeSource?[group.Inputs.Length];
        var reasons = new string?[group.Inputs.Length];
        await SideBySide.RunAsync(
            Enumerable.Range(0, sources.Length),
            families is null ? SideBySide.RequestsAtATime : 1, // Families are found in the order of the inputs.
            async (i, stop) => (sources[i], reasons[i]) = await OpenAsync(group.Inputs[i], families, stop),
            cancellation);
        int[] open = [.. Enumerable.Range(0, sources.Length).Where(i => sources[i] is not null)];
        ImmutableArray<MergePart> parts =
        [
            .. PhysicalSchemas.Split([.. open.Select(i => sources[i]!.Schema)], MetaColumns.FileSchema(table.Config.Schema)) // not null: open
                .Where(static part => part.Files.Length > 1)
                .Select(part => new MergePart(
                    part.Schema,
                    [.. part.Files.Select(f => group.Inputs[open[f]])],
                    [.. part.Files.Select(f => sources[open[f]]!)])),
        ];
        return (parts, [.. reasons.OfType<string>()]);
    }

    private async Task<(MergeSource?, string?)> OpenAsync(
        CompactionInput input, DictionaryFamilies? families, CancellationToken cancellation)
    {
        try
        {
            MergeSource source = await MergeSource.OpenAsync(_store, input.File.Path, families, cancellation);
            return input.File.RowCount < 0 || source.RowCount == input.File.RowCount
                ? (source, null)
                : (null, FormattableString.Invariant(
                    $"'{input.File.Path}' stays as it is: its commit says {input.File.RowCount} rows, its footer {source.RowCount}."));
        }
        catch (Exception wrong) when (wrong is ParquetFormatException or InvalidDataException)
        {
            return (null, $"'{input.File.Path}' stays as it is: {wrong.Message}");
        }
    }

    private ReplacementFile FileOf(CompactionGroup group, ObjectPath staging) => new(table, group.PartitionPath, staging);

    private MergeOptions OptionsOf(MergePart part, ReplacementFile file) => new()
    {
        Schema = part.Schema,
        Writer = policy.Parquet ?? LikeTheNewest(part.Sources),
        Constants = file.Constants,
        KeepsOrder = policy.KeepsOrder,
        MovesInStore = true,
        RowGroupBytes = policy.RowGroupBytes,
        MemoryBytes = policy.MemoryBytes,
    };

    /// <summary>Pages that are compressed as wanted are copied; so what is wanted is how the most of the newest input is compressed.</summary>
    private static ParquetWriterOptions LikeTheNewest(ImmutableArray<MergeSource> sources)
    {
        var options = new ParquetWriterOptions();
        CompressionCodec? codec = sources[^1].MetaData.RowGroups.SelectMany(static g => g.Columns)
            .Select(static c => c.MetaData).MaxBy(static m => m?.TotalCompressedSize)?.Codec;
        return codec is CompressionCodec.Zstd or CompressionCodec.Snappy or CompressionCodec.Lz4Raw or CompressionCodec.Gzip
            or CompressionCodec.Uncompressed
            ? options with { Codec = codec.Value }
            : options;
    }

    /// <summary>Inputs whose columns go together.</summary>
    private sealed record MergePart(
        Columns.Schema Schema, ImmutableArray<CompactionInput> Inputs, ImmutableArray<MergeSource> Sources);
}
