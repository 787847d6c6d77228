using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class StatisticsCheckTests
{
    private static readonly ObjectPath File = new("file.parquet");
    private readonly MemoryObjectStore _store = new("parquet", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(700, 3_000)]
    [InlineData(20_000, 1 << 20)]
    public async Task Files_of_the_writer_pass_whatever_is_in_them(int pageRows, int groupRows)
    {
        int seed = Environment.ProcessId + pageRows;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        foreach (int distinct in (int[])[1, 40, 100_000])
        {
            var schema = new Schema([.. RandomRows.Types.Select((type, i) => new Field("c" + i, type, Required: i % 4 == 3))]);
            var options = new ParquetWriterOptions { PageRowCount = pageRows, RowGroupRowCountMax = groupRows };
            using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
            for (int batch = 0; batch < 4; batch++)
            {
                ColumnVector[] columns = [.. schema.Fields.Select(f => RandomRows.Column(random, f, 2_000, distinct, runs: batch % 2 == 0))];
                writer.Write(columns, 2_000);
                Array.ForEach(columns, c => c.Dispose());
            }

            await using (IObjectUpload upload = await _store.BeginUploadAsync(File, Stop))
            {
                await writer.CompleteAsync(upload, Stop);
                await upload.CompleteAsync(Stop);
            }

            long rows = 0;
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, File, Stop);
            Assert.Empty(await StatisticsCheck.RunAsync(reader, batch => rows += batch.RowCount, Stop));
            Assert.Equal(8_000, rows);
            await _store.DeleteAsync(File, Stop);
        }
    }

    [Theory]
    [InlineData(11, 40, 1, "lower bound above")]
    [InlineData(10, 39, 1, "upper bound below")]
    [InlineData(9, 40, 1, "exact")]
    [InlineData(10, 41, 1, "exact")]
    [InlineData(10, 40, 0, "0 nulls, there are 1")]
    public void Wrong_statistics_of_a_chunk_are_found(int min, int max, long nulls, string says)
    {
        Assert.Empty(Check(new Statistics
        {
            MinValue = Bytes(10), MaxValue = Bytes(40), NullCount = 1, IsMinValueExact = true, IsMaxValueExact = true,
        }, null));
        IReadOnlyList<string> wrong = Check(new Statistics
        {
            MinValue = Bytes(min), MaxValue = Bytes(max), NullCount = nulls, IsMinValueExact = true, IsMaxValueExact = true,
        }, null);
        Assert.Contains(wrong, w => w.Contains(says, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(10, 20, 30, 40, 0, 1, false, null)]
    [InlineData(11, 20, 30, 40, 0, 1, false, "page 0, has a lower bound above")]
    [InlineData(10, 20, 30, 39, 0, 1, false, "page 1, has an upper bound below")]
    [InlineData(10, 20, 30, 40, 1, 0, false, "page 0, says 1 nulls, there are 0")]
    [InlineData(10, 20, 30, 40, 0, 1, true, "page 1, says that all is null")]
    public void Wrong_bounds_of_a_page_are_found(
        int min0, int max0, int min1, int max1, long nulls0, long nulls1, bool nullPage, string? says)
    {
        var index = new ColumnIndex
        {
            NullPages = [false, nullPage],
            MinValues = [Bytes(min0), Bytes(min1)],
            MaxValues = [Bytes(max0), Bytes(max1)],
            NullCounts = [nulls0, nulls1],
        };
        IReadOnlyList<string> wrong = Check(null, index);
        if (says is null)
        {
            Assert.Empty(wrong);
        }
        else
        {
            Assert.Contains(wrong, w => w.Contains(says, StringComparison.Ordinal));
        }
    }

    private static byte[] Bytes(int value) => BitConverter.GetBytes(value);

    /// <summary>Checks the values 10, 20 in a first page and 30, null, 40 in a second.</summary>
    private static IReadOnlyList<string> Check(Statistics? statistics, ColumnIndex? index)
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        builder.Append(10);
        builder.Append(20);
        builder.Append(30);
        builder.AppendNull();
        builder.Append(40);
        using ColumnVector values = builder.Finish();
        var offsets = new OffsetIndex([new PageLocation(4, 10, 0), new PageLocation(14, 10, 2)]);
        var check = new ChunkStatisticsCheck(new Field("c", TypeKind.Int), statistics, index, index is null ? null : offsets, 5);
        check.Add(values);
        check.End();
        return check.Wrong;
    }
}
