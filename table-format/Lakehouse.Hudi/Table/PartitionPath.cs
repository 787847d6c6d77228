using System.Globalization;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>
/// Partition paths: <c>field=value</c> segments joined by '/', values percent-encoded as Hudi does
/// (<c>PartitionPathEncodeUtils</c>), nulls and empty texts as <c>__HIVE_DEFAULT_PARTITION__</c>.
/// </summary>
public static class PartitionPath
{
    /// <summary>The name of the file that makes a folder a partition.</summary>
    internal const string MetadataName = ".hoodie_partition_metadata";

    private const string NullValue = "__HIVE_DEFAULT_PARTITION__";
    private const string Encoded = "\"#%'*/:=?\\{[]^\u007f";

    /// <summary>The path of one row. Allocates: ask once per distinct value, not once per row.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="row">Which one.</param>
    /// <param name="fields">Positions of the partition columns, in the table's order.</param>
    public static string Of(RecordBatch rows, int row, ReadOnlySpan<int> fields)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var path = new StringBuilder();
        foreach (int field in fields)
        {
            if (path.Length > 0)
            {
                path.Append('/');
            }

            path.Append(rows.Schema[field].Name).Append('=');
            AppendValue(path, ValueText.Of(rows.Columns[field], row));
        }

        return path.ToString();
    }

    /// <summary>One segment, for a value as Java's <c>toString</c> gives it; null for a null.</summary>
    public static string Segment(string field, string? value)
    {
        var path = new StringBuilder(field).Append('=');
        AppendValue(path, value);
        return path.ToString();
    }

    /// <summary>The content of <c>.hoodie_partition_metadata</c>; the same for everybody who publishes the same instant.</summary>
    internal static byte[] Metadata(string partitionPath, string instant)
    {
        int depth = partitionPath.Length == 0 ? 0 : partitionPath.Count(static c => c == '/') + 1;
        string time = InstantTime.Parse(instant).ToString("ddd MMM dd HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture);
        return Encoding.ASCII.GetBytes($"#partition metadata\n#{time}\ncommitTime={instant}\npartitionDepth={depth}\n");
    }

    private static void AppendValue(StringBuilder path, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            path.Append(NullValue);
            return;
        }

        foreach (char c in value)
        {
            if (c < 0x20 || Encoded.Contains(c))
            {
                path.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
            }
            else
            {
                path.Append(c);
            }
        }
    }
}
