using Lakehouse.Columns;
using Xunit;

namespace Lakehouse.Tests.Columns;

public sealed class DecimalsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(9, 4)]
    [InlineData(10, 5)]
    [InlineData(18, 8)]
    [InlineData(19, 9)]
    [InlineData(38, 16)]
    public void A_decimal_is_the_smallest_fixed_that_holds_it(int precision, int bytes) =>
        Assert.Equal(bytes, Decimals.ByteCount(precision));
}
