using Lakehouse.Testing;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

public class TableFormatTests
{
    [Theory]
    [InlineData("default", "v6_empty", 1980710965u)]
    [InlineData("", "trips", 3761586722u)]
    [InlineData("lake", "events", 882302931u)]
    public void The_checksum_is_that_of_real_tables(string database, string table, uint expected) =>
        Assert.Equal(expected, TableProperties.Checksum(database, table));

    [Fact]
    public void Properties_are_plain_ascii_without_backslashes_and_read_back()
    {
        var config = new TableConfig { Name = "trips", Schema = RealTable.Schema, PartitionFields = ["city"], RecordKeyFields = ["id"] };
        byte[] content = TableProperties.Write(config, DateTimeOffset.UnixEpoch);
        Assert.All(content, static b => Assert.True(b < 0x80 && b != '\\'));
        TableConfig read = TableProperties.ToConfig(TableProperties.Read(content), "memory:t");
        Assert.Equal(config.Schema, read.Schema);
        Assert.Equal(["city"], read.PartitionFields);
        Assert.Equal(["id"], read.RecordKeyFields);
    }

    [Fact]
    public void A_table_without_partitions_has_no_partition_key_at_all()
    {
        string text = Encoding.ASCII.GetString(
            TableProperties.Write(new TableConfig { Name = "t", Schema = RealTable.Schema }, DateTimeOffset.UnixEpoch));
        Assert.DoesNotContain("partition.fields", text, StringComparison.Ordinal);
        Assert.Contains("NonpartitionedKeyGenerator", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hoodie.table.version=6", "hoodie.table.version=8", "version")]
    [InlineData("COPY_ON_WRITE", "MERGE_ON_READ", "Copy-on-Write")]
    [InlineData("hoodie.table.type", "hoodie.table.metadata.partitions=files\nhoodie.table.type", "metadata table")]
    [InlineData("hoodie.table.name=t\n", "hoodie.table.name=u\n", "checksum")]
    public async Task A_table_that_must_not_be_written_is_refused(string was, string becomes, string says)
    {
        var store = new MemoryObjectStore("t", TimeProvider.System);
        var config = new TableConfig { Name = "t", Schema = RealTable.Schema };
        await HudiTable.CreateAsync(store, config, TimeProvider.System, new Random(1), Stop);
        string text = Encoding.ASCII.GetString((await store.GetAsync(TableProperties.Path, Stop))!);
        await store.PutAsync(TableProperties.Path, Encoding.ASCII.GetBytes(text.Replace(was, becomes, StringComparison.Ordinal)), Stop);
        HudiException e = await Assert.ThrowsAsync<HudiException>(
            () => HudiTable.CreateAsync(store, config, TimeProvider.System, new Random(1), Stop));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_schema_or_partitioning_is_refused()
    {
        var store = new MemoryObjectStore("t", TimeProvider.System);
        var config = new TableConfig { Name = "t", Schema = RealTable.Schema };
        await HudiTable.CreateAsync(store, config, TimeProvider.System, new Random(1), Stop);
        TableConfig[] others =
        [
            config with { Schema = config.Schema.Append(new Field("more", TypeKind.Int)) },
            config with { PartitionFields = ["city"] },
            config with { RecordKeyFields = ["id"] },
        ];
        foreach (TableConfig other in others)
        {
            await Assert.ThrowsAsync<HudiException>(() => HudiTable.CreateAsync(store, other, TimeProvider.System, new Random(1), Stop));
        }
    }

    [Fact]
    public async Task A_store_that_accepts_one_name_twice_is_refused_at_open()
    {
        var inner = new MemoryObjectStore("t", TimeProvider.System);
        var store = new ProcessStore(inner);
        store.Before = async call =>
        {
            if (call.Is("put-if-absent", "probe-"))
            {
                await inner.DeleteAsync(call.Path, Stop);
            }
        };
        HudiException e = await Assert.ThrowsAsync<HudiException>(() => HudiTable.CreateAsync(
            store, new TableConfig { Name = "t", Schema = RealTable.Schema }, TimeProvider.System, new Random(1), Stop));
        Assert.Contains("put-if-absent", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_schema_inlines_every_named_type_under_a_name_of_its_own_and_reads_back()
    {
        var schema = new Schema(
            new Field("a", ColumnType.Decimal(10, 2)), new Field("b", ColumnType.Decimal(10, 2)),
            new Field("c", TypeKind.TimestampMicros, true),
            new Field("d", TypeKind.TimeMillis), new Field("e", TypeKind.TimeMicros),
            new Field("f", ColumnType.Struct(
                new Field("g", ColumnType.Decimal(9, 1)),
                new Field("h", ColumnType.List(ColumnType.Struct(new Field("i", TypeKind.Int, true)), required: true), true))),
            new Field("j", ColumnType.Map(TypeKind.String, ColumnType.Decimal(3, 1))));
        string avro = AvroSchema.Write("t", schema);
        Assert.Contains("hoodie.t.t_record.a", avro, StringComparison.Ordinal);
        Assert.Contains("hoodie.t.t_record.b", avro, StringComparison.Ordinal);
        Assert.Contains("hoodie.t.t_record.f.record.h.items", avro, StringComparison.Ordinal);
        Assert.DoesNotContain("local-timestamp", avro, StringComparison.Ordinal);
        Assert.Equal(schema, AvroSchema.Read(avro, "test"));
    }

    [Theory]
    [InlineData("2026-03-01", "dt=2026-03-01")]
    [InlineData(null, "dt=__HIVE_DEFAULT_PARTITION__")]
    [InlineData("", "dt=__HIVE_DEFAULT_PARTITION__")]
    [InlineData("a/b:c=d%", "dt=a%2Fb%3Ac%3Dd%25")]
    [InlineData("..\\\n", "dt=..%5C%0A")]
    [InlineData("São", "dt=São")]
    public void Partition_values_are_encoded_as_Hudi_does(string? value, string segment) =>
        Assert.Equal(segment, PartitionPath.Segment("dt", value));

    [Theory]
    [InlineData(1.0, "1.0")]
    [InlineData(-0.5, "-0.5")]
    [InlineData(0.0, "0.0")]
    [InlineData(1234567.25, "1234567.25")]
    [InlineData(1e7, "1.0E7")]
    [InlineData(1.5e-4, "1.5E-4")]
    [InlineData(0.001, "0.001")]
    [InlineData(double.NaN, "NaN")]
    public void Numbers_stand_as_Java_writes_them(double value, string text) => Assert.Equal(text, JavaFloatText.Of(value));

    [Fact]
    public void Instants_are_17_digits_and_strictly_later_even_when_the_clock_stands_or_runs_back()
    {
        var now = new DateTimeOffset(2026, 3, 1, 23, 59, 59, 999, TimeSpan.Zero);
        Assert.Equal("20260301235959999", InstantTime.Next(now, null));
        Assert.Equal("20260302000000000", InstantTime.Next(now, "20260301235959999"));
        Assert.Equal("20270101000000000", InstantTime.Next(now, "20261231235959999"));
        Assert.False(InstantTime.TryParse("20261331000000000", out _));
    }

    [Theory]
    [InlineData("20260301100000000.commit", "commit", 2)]
    [InlineData("20260301100000000.inflight", "commit", 1)]
    [InlineData("20260301100000000.commit.requested", "commit", 0)]
    [InlineData("20260301100000000.replacecommit.inflight", "replacecommit", 1)]
    [InlineData("20260301100000000.clean", "clean", 2)]
    public void Timeline_files_are_told_by_their_name(string name, string action, int state)
    {
        Assert.True(TimelineFile.TryParse(name, out TimelineFile file));
        Assert.Equal((action, (InstantState)state), (file.Action, file.State));
        Assert.Equal(".hoodie/" + name, file.Path.Value);
    }

    [Theory]
    [InlineData("hoodie.properties")]
    [InlineData("20260301100000000.commit.tmp")]
    [InlineData("20260301100000000_20260301100000001.commit")]
    [InlineData("20260301100000000.backup")]
    public void Other_files_are_not_of_the_timeline(string name) => Assert.False(TimelineFile.TryParse(name, out _));

    [Theory]
    [InlineData("a-0_0-0-0_20260301100000000.parquet", true)]
    [InlineData("a-0_0-0-0_20260301100000000.zstd.parquet", false)]
    [InlineData("a_0_0-0-0_20260301100000000.parquet", false)]
    [InlineData("x.parquet", false)]
    public void Data_files_are_told_by_their_name(string name, bool valid) => Assert.Equal(valid, DataFileName.TryParse(name, out _));
}
