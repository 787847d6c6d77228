using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// <c>.hoodie/hoodie.properties</c> of table version 6. Java's properties parser and hudi-rs (which unescapes nothing) must read the same:
/// ASCII, one line per key, no backslash.
/// </summary>
internal static class TableProperties
{
    internal static ObjectPath Path { get; } = new(".hoodie/hoodie.properties");

    internal static byte[] Write(TableConfig config, DateTimeOffset now)
    {
        string keyGenerator = (config.PartitionFields.Length, config.RecordKeyFields.Length) switch
        {
            (0, _) => "NonpartitionedKeyGenerator",
            (1, <= 1) => "SimpleKeyGenerator",
            _ => "ComplexKeyGenerator",
        };
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"#Properties saved on {now.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\n");
        Append("hoodie.table.name", config.Name);
        Append("hoodie.table.type", "COPY_ON_WRITE");
        Append("hoodie.table.version", "6");
        Append("hoodie.timeline.layout.version", "1");
        Append("hoodie.table.timeline.timezone", "UTC");
        Append("hoodie.archivelog.folder", "archived");
        Append("hoodie.table.base.file.format", "PARQUET");
        Append("hoodie.table.keygenerator.class", "org.apache.hudi.keygen." + keyGenerator);
        if (!config.PartitionFields.IsEmpty)
        {
            // < An empty value would mean "partitioned by a field without a name" to hudi-rs.
            Append("hoodie.table.partition.fields", string.Join(',', config.PartitionFields));
        }

        if (!config.RecordKeyFields.IsEmpty)
        {
            Append("hoodie.table.recordkey.fields", string.Join(',', config.RecordKeyFields));
        }

        Append("hoodie.datasource.write.hive_style_partitioning", "true");
        Append("hoodie.datasource.write.partitionpath.urlencode", config.PartitionFields.IsEmpty ? "false" : "true");
        Append("hoodie.datasource.write.drop.partition.columns", "false");
        Append("hoodie.table.create.schema", AvroSchema.Write(config.Name, config.Schema));
        Append("hoodie.table.checksum", Checksum("", config.Name).ToString(CultureInfo.InvariantCulture));
        return Encoding.ASCII.GetBytes(text.ToString());

        void Append(string key, string value) => text.Append(key).Append('=').Append(value).Append('\n');
    }

    /// <summary>CRC-32 of "database.table", as Java checks it at open.</summary>
    internal static uint Checksum(string database, string table)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in Encoding.UTF8.GetBytes(database + "." + table))
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }

    internal static ImmutableDictionary<string, string> Read(byte[] content)
    {
        ImmutableDictionary<string, string>.Builder properties = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        const StringSplitOptions trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n', trimmed))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line[0] is not ('#' or '!'))
            {
                properties[line[..equals].Trim()] = Unescape(line[(equals + 1)..].Trim());
            }
        }

        return properties.ToImmutable();
    }

    /// <summary>What the table is. Throws <see cref="HudiException"/> when it is one that must not be written or cannot be read.</summary>
    internal static TableConfig ToConfig(ImmutableDictionary<string, string> properties, string root)
    {
        Require("hoodie.table.version", "6", "only version 6 is supported; a Hudi 1.x writer may have upgraded the table");
        Require("hoodie.timeline.layout.version", "1", "table version 6 has layout 1");
        Require("hoodie.table.type", "COPY_ON_WRITE", "only Copy-on-Write tables are supported");
        Require("hoodie.table.timeline.timezone", "UTC", "instants in local time are not supported");
        Require("hoodie.populate.meta.fields", "true", "tables without meta columns are not supported", absent: "true");
        Require("hoodie.datasource.write.drop.partition.columns", "false", "partition columns must stay in the files", absent: "false");
        const string metadataTable = "hoodie.table.metadata.partitions";
        if (properties.Keys.FirstOrDefault(static k => k.StartsWith(metadataTable, StringComparison.Ordinal)) is { } key)
        {
            throw new HudiException(root, $"'{key}' is set: another writer has built a metadata table, and its readers would miss new "
                + "files. Set hoodie.metadata.enable=false in that writer and remove the key and .hoodie/metadata.");
        }

        if (!properties.TryGetValue("hoodie.table.create.schema", out string? schema))
        {
            throw new HudiException(root, "hoodie.properties has no hoodie.table.create.schema.");
        }

        string name = properties.GetValueOrDefault("hoodie.table.name", "");
        string checksum = Checksum(properties.GetValueOrDefault("hoodie.database.name", ""), name).ToString(CultureInfo.InvariantCulture);
        Require("hoodie.table.checksum", checksum, "the properties are damaged", absent: checksum);
        return new TableConfig
        {
            Name = name,
            Schema = AvroSchema.Read(schema, $"hoodie.table.create.schema of {root}"),
            PartitionFields = List("hoodie.table.partition.fields"),
            RecordKeyFields = List("hoodie.table.recordkey.fields"),
        };

        ImmutableArray<string> List(string key) =>
            [.. properties.GetValueOrDefault(key, "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

        void Require(string key, string expected, string why, string absent = "")
        {
            string found = properties.GetValueOrDefault(key, absent);
            if (!string.Equals(found, expected, StringComparison.Ordinal))
            {
                throw new HudiException(root, $"hoodie.properties has {key}={found}, expected {expected}: {why}.");
            }
        }
    }

    private static string Unescape(string value)
    {
        var text = new StringBuilder(value.Length);
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\' && i + 1 < value.Length)
            {
                i++;
            }

            text.Append(value[i]);
        }

        return text.ToString();
    }
}
