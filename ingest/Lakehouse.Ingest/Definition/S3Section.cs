using Lakehouse.Storage;

namespace Lakehouse.Ingest;

/// <summary>
/// The part <c>s3</c> of a pipeline file: <c>{ endpoint, region, path_style, encryption, kms_key }</c>, each of them optional. It holds for all
/// <c>s3://</c> locations of the file. Credentials have no place in it.
/// </summary>
internal static class S3Section
{
    internal static S3Settings Read(YamlMapping? s3)
    {
        if (s3 is null)
        {
            return S3Settings.Default;
        }

        var settings = new S3Settings
        {
            Endpoint = Endpoint(s3),
            Region = s3.FindText("region"),
            PathStyle = s3.FindText("path_style") is null ? null : s3.FindBoolean("path_style", otherwise: false),
            Encryption = s3.FindWord(
                "encryption", S3Encryption.BucketDefault, ("aes256", S3Encryption.Aes256), ("kms", S3Encryption.Kms)),
            KmsKeyId = s3.FindText("kms_key"),
        };
        s3.Done();
        return settings.KmsKeyId is null || settings.Encryption == S3Encryption.Kms
            ? settings
            : throw new PipelineDefinitionException(s3.LocationOf("kms_key"), "'kms_key' goes with 'encryption: kms'.");
    }

    private static Uri? Endpoint(YamlMapping s3)
    {
        if (s3.FindText("endpoint") is not { } text)
        {
            return null;
        }

        try
        {
            return S3Settings.ParseEndpoint(text);
        }
        catch (ArgumentException e)
        {
            throw new PipelineDefinitionException(s3.LocationOf("endpoint"), e.Message.Split(" (Parameter", 2)[0], e);
        }
    }
}
