using System.Net;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Storage;

/// <summary>What goes wrong on the way to a real store, and what the caller is told.</summary>
[Collection(nameof(RealS3))]
public sealed class S3FailureTests(RealS3 s3) : IDisposable
{
    private static readonly ObjectPath Path = new("a/claim");
    private readonly FaultyTransport _transport = new();
    private readonly string _folder = RealS3.NewFolder();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _transport.Dispose();

    [Fact]
    public async Task A_conditional_put_whose_answer_is_lost_is_sent_once_and_is_unknown()
    {
        RetryingObjectStore store = Retrying(s3.Service.NewStore(_folder, _transport));
        Exception[] faults =
        [
            new IOException("Broken pipe"),
            new HttpRequestException("reset", new IOException("Connection reset by peer")),
        ];
        foreach (Exception fault in faults)
        {
            var path = new ObjectPath("a/" + fault.GetType().Name);
            _transport.Clear();
            _transport.After = (request, _) => throw fault;
            var failure = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync(path, "mine"u8.ToArray(), Stop));
            Assert.True(failure.OutcomeIsUnknown);
            Assert.False(failure.HadNoEffect);
            Assert.Single(_transport.Sent);
            _transport.After = null;
            Assert.NotNull(await store.GetAsync(path, Stop)); // It had arrived.
            Assert.Equal(PutResult.AlreadyExists, await store.PutIfAbsentAsync(path, "other"u8.ToArray(), Stop));
        }
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, "SlowDown", true, false)]
    [InlineData(HttpStatusCode.InternalServerError, "InternalError", true, false)]
    [InlineData(HttpStatusCode.Conflict, "ConditionalRequestConflict", false, true)]
    public async Task A_server_error_leaves_a_conditional_put_unknown_and_a_conflict_does_not(
        HttpStatusCode status, string code, bool unknown, bool noEffect)
    {
        S3ObjectStore store = s3.Service.NewStore(_folder, _transport);
        _transport.Before = _ => Answer(status, code);
        var failure = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync(Path, "x"u8.ToArray(), Stop));
        Assert.Equal((unknown, noEffect, true), (failure.OutcomeIsUnknown, failure.HadNoEffect, failure.IsTransient));
        Assert.Single(_transport.Sent);
        Assert.Contains(code, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conflict_of_two_conditional_puts_is_settled_by_sending_it_again()
    {
        int conflicts = 2;
        _transport.Before = _ => conflicts-- > 0 ? Answer(HttpStatusCode.Conflict, "ConditionalRequestConflict") : null;
        Assert.Equal(PutResult.Created, await Retrying(s3.Service.NewStore(_folder, _transport)).PutIfAbsentAsync(Path, "x"u8.ToArray(), Stop));
        Assert.Equal(3, _transport.Sent.Count);
    }

    [Fact]
    public async Task Throttling_and_broken_connections_pass_by_for_what_may_be_repeated()
    {
        RetryingObjectStore store = Retrying(s3.Service.NewStore(_folder, _transport));
        var seen = new Dictionary<string, int>();
        _transport.Before = request =>
        {
            string what = $"{request.Method} {request.RequestUri}";
            seen[what] = seen.GetValueOrDefault(what) + 1;
            return seen[what] switch
            {
                1 => Answer(HttpStatusCode.ServiceUnavailable, "SlowDown"),
                2 => throw new HttpRequestException("reset", new IOException("Connection reset by peer")),
                _ => null,
            };
        };
        await store.PutAsync(Path, "content"u8.ToArray(), Stop);
        Assert.Equal("content"u8.ToArray(), await store.GetAsync(Path, Stop));
        Assert.Equal(7, (await store.StatAsync(Path, Stop))?.Size);
        Assert.Equal(PutResult.Created, await store.CopyIfAbsentAsync(Path, new ObjectPath("b"), Stop));
        await store.DeleteAsync(Path, Stop);
        Assert.Null(await store.GetAsync(Path, Stop));
        Assert.Equal(6, seen.Count);
        Assert.All(seen, one => Assert.True(one.Value >= 3, one.Key));
    }

    [Fact]
    public async Task A_store_that_cannot_be_reached_has_done_nothing()
    {
        var store = new S3ObjectStore(
            s3.Service.NewClient(null, new S3Settings { Endpoint = new Uri("http://127.0.0.1:9") }),
            new S3Location("lake", "x"), S3Settings.Default, TimeProvider.System, new Retries(TimeProvider.System, new Random(1)));
        var failure = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync(Path, "x"u8.ToArray(), Stop));
        Assert.Equal((true, true, false), (failure.IsTransient, failure.HadNoEffect, failure.OutcomeIsUnknown));
        Assert.Contains("put-if-absent of 'a/claim' in s3://lake/x failed: the store cannot be reached", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_bucket_and_wrong_keys_are_said_and_are_not_an_empty_table()
    {
        var missing = new S3ObjectStore(
            s3.Service.NewClient(), new S3Location("no-such-bucket", ""), S3Settings.Default, TimeProvider.System,
            new Retries(TimeProvider.System, new Random(1)));
        foreach (Func<Task> call in (Func<Task>[])[
            () => missing.GetAsync(Path, Stop), () => missing.PutAsync(Path, default, Stop), () => missing.ReadAsync(Path, 0, new byte[1], Stop)])
        {
            var failure = await Assert.ThrowsAsync<ObjectStoreException>(call);
            Assert.Contains("Create the bucket first", failure.Message, StringComparison.Ordinal);
            Assert.False(failure.IsTransient);
        }

        _transport.Before = _ => Answer(HttpStatusCode.Forbidden, "AccessDenied");
        var denied = await Assert.ThrowsAsync<ObjectStoreException>(() => s3.Service.NewStore(_folder, _transport).GetAsync(Path, Stop));
        Assert.Contains("s3:GetObject", denied.Message, StringComparison.Ordinal);
        Assert.False(denied.IsTransient);
    }

    [Fact]
    public async Task Encryption_is_asked_for_with_everything_that_is_written()
    {
        var settings = new S3Settings { Endpoint = s3.Service.Endpoint, Encryption = S3Encryption.Kms, KmsKeyId = "key-1" };
        var store = new S3ObjectStore(
            s3.Service.NewClient(() => _transport), new S3Location(S3Service.Bucket, _folder), settings, TimeProvider.System,
            new Retries(TimeProvider.System, new Random(1)));
        _transport.Before = request => request.Method == HttpMethod.Head
            ? new HttpResponseMessage(HttpStatusCode.NotFound)
            : Answer(HttpStatusCode.NotImplemented, "NotImplemented");
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync(Path, "x"u8.ToArray(), Stop));
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync(Path, "x"u8.ToArray(), Stop));
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.CopyIfAbsentAsync(Path, new ObjectPath("b"), Stop));
        await using IObjectUpload upload = await store.BeginUploadAsync(Path, Stop);
        await Assert.ThrowsAsync<ObjectStoreException>(() => upload.WriteAsync(new byte[9 << 20], Stop));
        Assert.All(_transport.Sent.Where(r => r.Method is "PUT" or "POST"), request =>
        {
            Assert.Equal("aws:kms", request.Headers["x-amz-server-side-encryption"]);
            Assert.Equal("key-1", request.Headers["x-amz-server-side-encryption-aws-kms-key-id"]);
        });
        Assert.Equal(4, _transport.Sent.Count(r => r.Method is "PUT" or "POST"));
    }

    [Fact]
    public async Task A_store_that_ignores_the_condition_is_refused_at_open()
    {
        // What an unconditional store does with the second put: it takes it.
        _transport.Before = request => request.Headers.IfNoneMatch.Count > 0 ? new HttpResponseMessage(HttpStatusCode.OK) : null;
        var config = new TableConfig { Name = "t", Schema = new Schema(new Field("a", TypeKind.Long)) };
        var failure = await Assert.ThrowsAsync<HudiException>(() => HudiTable.CreateAsync(
            s3.Service.NewStore(_folder, _transport), config, TimeProvider.System, new Random(1), Stop));
        Assert.Contains("If-None-Match", failure.Message, StringComparison.Ordinal);
    }

    private static RetryingObjectStore Retrying(S3ObjectStore store) => new(store, new HastyTime(), new Random(1));

    private static HttpResponseMessage Answer(HttpStatusCode status, string code) => new(status)
    {
        Content = new StringContent(
            $"<Error><Code>{code}</Code><Message>made to fail</Message></Error>", System.Text.Encoding.UTF8, "application/xml"),
    };
}
