using System.Runtime.InteropServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Lakehouse.Storage;

/// <summary>The requests that write, with the encryption that the settings ask for.</summary>
internal static class S3Requests
{
    internal static PutObjectRequest Put(this S3Settings settings, S3Location location, ObjectPath path, ReadOnlyMemory<byte> content) => new()
    {
        BucketName = location.Bucket,
        Key = location.Key(path),
        InputStream = Stream(content),
        ContentType = "application/octet-stream",
        UseChunkEncoding = false,
        ServerSideEncryptionMethod = Method(settings),
        ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId,
    };

    internal static CopyObjectRequest Copy(this S3Settings settings, S3Location location, ObjectPath source, ObjectPath target) => new()
    {
        SourceBucket = location.Bucket,
        SourceKey = location.Key(source),
        DestinationBucket = location.Bucket,
        DestinationKey = location.Key(target),
        ServerSideEncryptionMethod = Method(settings),
        ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId,
    };

    internal static InitiateMultipartUploadRequest Begin(this S3Settings settings, S3Location location, ObjectPath path) => new()
    {
        BucketName = location.Bucket,
        Key = location.Key(path),
        ContentType = "application/octet-stream",
        ServerSideEncryptionMethod = Method(settings),
        ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId,
    };

    /// <summary>A stream over the bytes, without copying them where they lie in an array.</summary>
    internal static MemoryStream Stream(ReadOnlyMemory<byte> content) => MemoryMarshal.TryGetArray(content, out ArraySegment<byte> segment)
        ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false) // The segment of a given array has one.
        : new MemoryStream(content.ToArray(), writable: false);

    private static ServerSideEncryptionMethod? Method(S3Settings settings) => settings.Encryption switch
    {
        S3Encryption.Aes256 => ServerSideEncryptionMethod.AES256,
        S3Encryption.Kms => ServerSideEncryptionMethod.AWSKMS,
        _ => null,
    };
}
