using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class ObjectStoresTests
{
    [Theory]
    [InlineData("/lake/trips", "/lake/trips")]
    [InlineData("/lake/trips/", "/lake/trips")]
    [InlineData("file:///lake/trips", "/lake/trips")]
    [InlineData("file:///lake/a%20b", "/lake/a b")]
    public void A_folder_is_a_path_or_a_file_url(string location, string root) =>
        Assert.Equal(root, ObjectStores.Open(location, TimeProvider.System, new Random(1)).Root);

    [Theory]
    [InlineData("ftp://lake/trips")]
    [InlineData("file://host/trips")]
    [InlineData(" ")]
    public void Any_other_location_is_refused(string location) =>
        Assert.ThrowsAny<ArgumentException>(() => ObjectStores.Open(location, TimeProvider.System, new Random(1)));
}
