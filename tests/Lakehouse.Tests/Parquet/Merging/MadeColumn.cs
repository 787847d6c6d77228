using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Tests.Parquet;

/// <summary>Columns of values that follow from their row.</summary>
internal static class MadeColumn
{
    internal static ColumnVector Rising(int count, int from, int step)
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        for (int i = 0; i < count; i++)
        {
            builder.Append(from + (i * step));
        }

        return builder.Finish();
    }

    internal static ColumnVector Doubles(int count, Func<int, double> value)
    {
        using var builder = new ColumnBuilder(TypeKind.Double);
        for (int i = 0; i < count; i++)
        {
            builder.Append(value(i));
        }

        return builder.Finish();
    }

    internal static ColumnVector Texts(int count, Func<int, string> text)
    {
        using var builder = new ColumnBuilder(TypeKind.String);
        for (int i = 0; i < count; i++)
        {
            builder.Append(Encoding.UTF8.GetBytes(text(i)));
        }

        return builder.Finish();
    }
}
