using System.Diagnostics;
using System.Text.Json;
using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// The services as a user runs them from the command line, beside a pipeline on a real Kafka, for a table in a folder and for one in a real
/// object store.
/// </summary>
public abstract class TableServicesTests(bool inS3, RealKafka broker, ITestOutputHelper output) : IDisposable
{
    private const int Batch = 1_200;
    private readonly TemporaryFolder _folder = new();
    private string _topic = "";
    private long _produced;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_table_goes_back_to_a_savepoint_and_its_pipeline_reads_the_rest_again()
    {
        using S3Service? store = inS3 ? await S3Service.StartAsync() : null;
        KafkaService kafka = broker.Service;
        _topic = inS3 ? "trips-of-services-in-a-store" : "trips-of-services";
        kafka.CreateTopic(_topic, 4);
        var table = new TableAt(store is null ? _folder["table"] : $"s3://{S3Service.Bucket}/services/table", store);
        string pipeline = TripsPipeline.Write(
            _folder, kafka.BootstrapServers, _topic, "1s", table: table.Location, deadLetters: table.Location + "_dead_letters");

        string first = await ProduceAndRunAsync(kafka, table, pipeline);
        using (JsonDocument savepoint = await AnswerAsync(table, "savepoint", table.Location, "create", "monday"))
        {
            Assert.Equal(first, savepoint.RootElement.GetProperty("instant").GetString());
        }

        string second = await ProduceAndRunAsync(kafka, table, pipeline);
        string hash = await HashAsync(table);
        await RestoreBesideAWorkerAsync(table, pipeline, hash);
        await TableProof.EveryReaderAgreesAsync(table, LogContents.WithoutHoles, _produced, output.WriteLine);
        await ReadBetweenAsync(table, first);
        await CompactAsync(table, first, hash);
        await RefusedAsync(table, second, "is neither a savepoint nor an instant", "the oldest possible one is");
        await EraseAndCleanAsync(kafka, table, pipeline, first);
    }

    /// <summary>
    /// The worker goes on while its table is taken back under it, and after all its checkpoints were deleted: the ledger alone says where to
    /// read, and the same rows come again.
    /// </summary>
    private async Task RestoreBesideAWorkerAsync(TableAt table, string pipeline, string hash)
    {
        using LakehouseProcess worker = LakehouseProcess.Start(_folder.Path, table.Environment, "run", pipeline);
        await WaitAsync(worker, () => Task.FromResult(worker.Said.Contains("running with", StringComparison.Ordinal)));
        using (JsonDocument plan = await AnswerAsync(table, "restore", table.Location, "--to", "monday", "--plan"))
        {
            Assert.Equal(Batch, plan.RootElement.GetProperty("undone").EnumerateArray().Sum(static u => u.GetProperty("row_count").GetInt64()));
        }

        Assert.Equal(hash, await HashAsync(table));
        (await AnswerAsync(table, "restore", table.Location, "--to", "monday")).Dispose();
        await WaitAsync(worker, async () => await CountAsync(table) == _produced);
        worker.Terminate();
        (int exitCode, _, string error) = await worker.EndAsync();
        Assert.True(exitCode == 0, error);
        Assert.Equal(hash, await HashAsync(table));

        (await AnswerAsync(table, "restore", table.Location, "--to", "monday")).Dispose();
        Assert.Equal(Batch, await CountAsync(table));
        await table.DeleteBelowAsync(".hoodie/.checkpoints", Stop);
        (await AnswerAsync(table, "run", pipeline, "--until-caught-up")).Dispose();
        Assert.Equal(hash, await HashAsync(table));
    }

    private async Task ReadBetweenAsync(TableAt table, string first)
    {
        using JsonDocument since = await AnswerAsync(table, "query", table.Location, "--since", first, "--aggregate", "count(*)");
        Assert.Equal(_produced - Batch, since.RootElement.GetProperty("rows")[0].GetProperty("count(*)").GetInt64());
        using JsonDocument at = await AnswerAsync(table, "query", table.Location, "--at", first, "--aggregate", "count(*)");
        Assert.Equal(Batch, at.RootElement.GetProperty("rows")[0].GetProperty("count(*)").GetInt64());
    }

    /// <summary>Fewer files, the same rows: at the newest instant, at older ones, and of what is new since one.</summary>
    private async Task CompactAsync(TableAt table, string first, string hash)
    {
        using (JsonDocument merged = await AnswerAsync(table, "compact", table.Location, "--min-inputs", "2"))
        {
            JsonElement result = merged.RootElement.GetProperty("tables")[0];
            Assert.True(result.GetProperty("files_merged").GetInt32() > result.GetProperty("files_written").GetInt32(), result.ToString());
        }

        Assert.Equal(hash, await HashAsync(table));
        await ReadBetweenAsync(table, first);
        await TableProof.EveryReaderAgreesAsync(table, LogContents.WithoutHoles, _produced, output.WriteLine, olderInstants: 1);
    }

    /// <summary>Erasure, dead letters, rollback and clean; at the end nothing can go back behind what clean has deleted.</summary>
    private async Task EraseAndCleanAsync(KafkaService kafka, TableAt table, string pipeline, string first)
    {
        using (JsonDocument erased = await AnswerAsync(table, "delete", table.Location, "--where", "fare < 2"))
        {
            Assert.True(erased.RootElement.GetProperty("rows_erased").GetInt64() > 0);
        }

        long left = await CountAsync(table);
        using (var producer = new KafkaProducer(kafka.BootstrapServers, new Dictionary<string, string>(), TimeProvider.System))
        {
            Assert.True(producer.TryProduce(new TopicPartition(_topic, 0), default, true, "no trip"u8.ToArray(), false, -1));
            await producer.FlushAsync(Stop);
        }

        string newest = await ProduceAndRunAsync(kafka, table, pipeline);
        using (JsonDocument causes = await AnswerAsync(table, "dead-letters", "list", table.Location))
        {
            Assert.Contains("no trip", causes.RootElement.ToString());
        }

        (await AnswerAsync(table, "rollback", table.Location, "--last", "1")).Dispose();
        Assert.Equal(left, await CountAsync(table));
        (await AnswerAsync(table, "run", pipeline, "--until-caught-up")).Dispose();
        Assert.Equal(left + Batch, await CountAsync(table));
        (await AnswerAsync(table, "savepoint", table.Location, "delete", "monday")).Dispose();
        using (JsonDocument cleaned = await AnswerAsync(table, "clean", table.Location, "--keep-commits", "1"))
        {
            Assert.NotEmpty(cleaned.RootElement.GetProperty("files").EnumerateArray());
        }

        (await AnswerAsync(table, "verify", table.Location, "--deep")).Dispose();
        await RefusedAsync(table, first, "clean", "the oldest possible one is");
        Assert.NotEqual(newest, first);
    }

    private async Task<string> ProduceAndRunAsync(KafkaService kafka, TableAt table, string pipeline)
    {
        using (var producer = new KafkaProducer(kafka.BootstrapServers, new Dictionary<string, string>(), TimeProvider.System))
        {
            for (int i = 0; i < Batch; i++, _produced++)
            {
                Assert.True(producer.TryProduce(
                    new TopicPartition(_topic, (int)(_produced % 4)), default, true, PacedProducer.Trip(_produced), false, -1));
            }

            await producer.FlushAsync(Stop);
        }

        (await AnswerAsync(table, "run", pipeline, "--until-caught-up")).Dispose();
        using JsonDocument timeline = await AnswerAsync(table, "timeline", table.Location);
        return timeline.RootElement.GetProperty("instants").EnumerateArray().Last().GetProperty("time").GetString()!;
    }

    private async Task<long> CountAsync(TableAt table)
    {
        using JsonDocument answer = await AnswerAsync(table, "query", table.Location, "--aggregate", "count(*)");
        return answer.RootElement.GetProperty("rows")[0].GetProperty("count(*)").GetInt64();
    }

    /// <summary>One hash of all values; the rows' meta columns are not part of it.</summary>
    private async Task<string> HashAsync(TableAt table)
    {
        using JsonDocument proof = await AnswerAsync(table, "verify", table.Location, "--deep");
        return proof.RootElement.GetProperty("deep").GetProperty("hash").GetString()!;
    }

    private async Task RefusedAsync(TableAt table, string target, params string[] sentences)
    {
        (int exitCode, string said, string error) = await LakehouseProcess.RunAsync(
            TimeSpan.FromMinutes(1), _folder.Path, table.Environment, "restore", table.Location, "--to", target, "--plan");
        Assert.True(exitCode != 0, said);
        Assert.All(sentences, sentence => Assert.Contains(sentence, error));
        output.WriteLine(error.Trim());
    }

    private async Task<JsonDocument> AnswerAsync(TableAt table, params string[] command)
    {
        (int exitCode, string said, string error) = await LakehouseProcess.RunAsync(
            TimeSpan.FromMinutes(3), _folder.Path, table.Environment, [.. command, "--json"]);
        Assert.True(exitCode == 0, $"lakehouse {string.Join(' ', command)}: {said}{error}");
        return JsonDocument.Parse(said);
    }

    private static async Task WaitAsync(LakehouseProcess worker, Func<Task<bool>> until)
    {
        for (var patience = Stopwatch.StartNew(); !await until();)
        {
            Assert.True(!worker.HasExited && patience.Elapsed < TimeSpan.FromMinutes(1), worker.Said);
            await Task.Delay(200, Stop);
        }
    }
}

/// <summary>A table in a folder.</summary>
public sealed class FolderTableServicesTests(RealKafka broker, ITestOutputHelper output) : TableServicesTests(false, broker, output);

/// <summary>A table in a real object store. A class of its own runs beside the other.</summary>
public sealed class StoreTableServicesTests(RealKafka broker, ITestOutputHelper output) : TableServicesTests(true, broker, output);
