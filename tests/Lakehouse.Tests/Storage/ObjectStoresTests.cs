using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class ObjectStoresTests
{
    private static readonly S3Settings AnyRegion = new() { Region = "eu-central-1" };

    [Theory]
    [InlineData("/lake/trips", "/lake/trips")]
    [InlineData("/lake/trips/", "/lake/trips")]
    [InlineData("file:///lake/trips", "/lake/trips")]
    [InlineData("file:///lake/a%20b", "/lake/a b")]
    [InlineData("s3://lake/trips/", "s3://lake/trips")]
    [InlineData("s3a://lake/a/b", "s3://lake/a/b")]
    [InlineData("s3://lake", "s3://lake")]
    public void A_store_is_a_path_or_a_file_url_or_a_bucket(string location, string root) =>
        Assert.Equal(root, ObjectStores.Open(location, AnyRegion, TimeProvider.System, new Random(1)).Root);

    [Theory]
    [InlineData("ftp://lake/trips")]
    [InlineData("file://host/trips")]
    [InlineData("s3://")]
    [InlineData("s3:///trips")]
    [InlineData("s3://lake/../trips")]
    [InlineData("s3://la ke/trips")]
    [InlineData(" ")]
    public void Any_other_location_is_refused(string location) =>
        Assert.ThrowsAny<ArgumentException>(() => ObjectStores.Open(location, AnyRegion, TimeProvider.System, new Random(1)));
}
