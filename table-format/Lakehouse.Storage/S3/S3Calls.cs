using System.Net;
using Amazon.Runtime;
using Amazon.S3;

namespace Lakehouse.Storage;

/// <summary>
/// Sends single requests for a store: each with a deadline, and each failure as an <see cref="ObjectStoreException"/> that says whether
/// it may pass and whether the request can have taken effect.
/// </summary>
internal sealed class S3Calls(string root, TimeProvider time)
{
    /// <summary>Sends a request that changes nothing.</summary>
    internal Task<T> ReadAsync<T>(string operation, ObjectPath path, Func<CallLimit, Task<T>> call, CancellationToken cancellation) =>
        SendAsync(operation, path, changes: false, call, cancellation);

    /// <summary>Sends a request that changes something.</summary>
    internal Task<T> ChangeAsync<T>(
        string operation, ObjectPath path, Func<CallLimit, Task<T>> call, CancellationToken cancellation) =>
        SendAsync(operation, path, changes: true, call, cancellation);

    /// <summary>Says that an object is absent.</summary>
    internal ObjectStoreException Absent(string operation, ObjectPath path) => new(operation, root, path, "there is no such object");

    /// <summary>Refuses the root as the name of an object.</summary>
    internal void CheckName(string operation, ObjectPath path)
    {
        if (path.Value.Length == 0)
        {
            throw new ObjectStoreException(operation, root, path, "the root is not an object");
        }
    }

    private async Task<T> SendAsync<T>(
        string operation, ObjectPath path, bool changes, Func<CallLimit, Task<T>> call, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var limit = new CallLimit(time, cancellation);
        try
        {
            return await call(limit);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Unanswered("the store does not answer in time", e);
        }
        catch (AmazonS3Exception e) when (e.StatusCode != 0)
        {
            throw Refused(e);
        }
        catch (Exception e) when (e is AmazonClientException or HttpRequestException or IOException and not ObjectStoreException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw Unreachable(e);
        }

        ObjectStoreException Unanswered(string reason, Exception cause) => new(operation, root, path, reason, cause)
        {
            IsTransient = true,
            OutcomeIsUnknown = changes,
        };

        ObjectStoreException Refused(AmazonS3Exception e)
        {
            int status = (int)e.StatusCode;
            string reason = FormattableString.Invariant($"the store answered {status} {e.ErrorCode}: {e.Message}{Advice(e)}");
            return status >= 500 && e.StatusCode != HttpStatusCode.NotImplemented
                ? Unanswered(reason, e)
                : new ObjectStoreException(operation, root, path, reason, e)
                {
                    // A conflict means that somebody else's request for the same object is under way, and that this one was turned away.
                    IsTransient = e.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
                        || e.ErrorCode is "RequestTimeout" or "ExpiredToken",
                    HadNoEffect = e.ErrorCode is "ConditionalRequestConflict" or "ExpiredToken",
                };
        }

        ObjectStoreException Unreachable(Exception e)
        {
            HttpRequestException? transport = Causes(e).OfType<HttpRequestException>().FirstOrDefault();
            if (transport is null && !Causes(e).OfType<IOException>().Any())
            {
                // The SDK could not even begin. About credentials it says every place where it looked, a line each.
                string why = e.Message.Contains("resolve AWS credentials", StringComparison.Ordinal)
                    ? "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role"
                    : e.Message;
                return new ObjectStoreException(operation, root, path, why, e);
            }

            string reason = Causes(e).Last().Message;
            return transport?.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                ? new ObjectStoreException(operation, root, path, $"the store cannot be reached: {reason}", e)
                {
                    IsTransient = true,
                    HadNoEffect = true,
                }
                : Unanswered($"the connection broke: {reason}", e);
        }
    }

    private static string Advice(AmazonS3Exception e) => e.ErrorCode switch
    {
        "NoSuchBucket" => " Create the bucket first.",
        "AccessDenied" or "Forbidden" => " The credentials need s3:GetObject, PutObject, DeleteObject, AbortMultipartUpload and ListBucket.",
        "NotImplemented" => " The store lacks a part of S3 that is needed here.",
        _ => "",
    };

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}
