using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class S3SettingsTests
{
    [Fact]
    public void The_environment_says_what_the_pipeline_does_not()
    {
        S3Settings environment = From(
            ("AWS_ENDPOINT_URL", "http://any"), ("AWS_DEFAULT_REGION", "r0"), ("LAKEHOUSE_S3_PATH_STYLE", "false"),
            ("LAKEHOUSE_S3_ENCRYPTION", "kms"), ("LAKEHOUSE_S3_KMS_KEY", "k0"));
        Assert.Equal(environment, S3Settings.Default.Or(environment));

        var pipeline = new S3Settings { Endpoint = new Uri("http://mine"), Encryption = S3Encryption.Aes256 };
        Assert.Equal(
            new S3Settings { Endpoint = new Uri("http://mine"), Region = "r0", PathStyle = false, Encryption = S3Encryption.Aes256 },
            pipeline.Or(environment));
    }

    [Fact]
    public void The_narrower_variable_wins_and_an_empty_one_is_none()
    {
        S3Settings settings = From(
            ("AWS_ENDPOINT_URL", "http://any"), ("AWS_ENDPOINT_URL_S3", "http://s3"), ("AWS_REGION", "r1"), ("AWS_DEFAULT_REGION", "r0"),
            ("LAKEHOUSE_S3_PATH_STYLE", ""));
        Assert.Equal(new S3Settings { Endpoint = new Uri("http://s3"), Region = "r1" }, settings);
        Assert.Equal(S3Settings.Default, From());
    }

    [Theory]
    [InlineData("AWS_ENDPOINT_URL", "localhost:9000")]
    [InlineData("LAKEHOUSE_S3_PATH_STYLE", "yes")]
    [InlineData("LAKEHOUSE_S3_ENCRYPTION", "AES256")]
    public void A_value_without_sense_is_refused_by_name_or_by_example(string name, string value)
    {
        var failure = Assert.Throws<ArgumentException>(() => From((name, value)));
        Assert.Contains(value, failure.Message, StringComparison.Ordinal);
    }

    private static S3Settings From(params (string Name, string Value)[] variables) =>
        S3Settings.FromEnvironment(name => variables.FirstOrDefault(v => v.Name == name).Value);
}
