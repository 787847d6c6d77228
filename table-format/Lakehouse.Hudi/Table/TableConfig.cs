using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>What defines a table. It never changes once the table exists.</summary>
public sealed record TableConfig
{
    /// <summary>The table's name: a letter or underscore, then letters, digits, underscores.</summary>
    public required string Name
    {
        get;
        init => field = IsName(value)
            ? value
            : throw new ArgumentException($"'{value}' is not a table name: use a letter, then letters, digits and '_'.", nameof(Name));
    }

    /// <summary>The data columns, without Hudi's five meta columns.</summary>
    public required Schema Schema
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            foreach (Field column in value.Fields)
            {
                if (!IsName(column.Name) || column.Name.StartsWith("_hoodie_", StringComparison.Ordinal))
                {
                    throw new ArgumentException(
                        $"'{column.Name}' cannot be a column: use a letter, then letters, digits and '_', and not '_hoodie_'.",
                        nameof(Schema));
                }
            }

            field = value;
        }
    }

    /// <summary>Columns whose values name the partition folder, hive style; empty for a table without partitions.</summary>
    public ImmutableArray<string> PartitionFields { get; init; } = [];

    /// <summary>Columns that fill <c>_hoodie_record_key</c>; empty: the source's coordinates do. They do not make rows unique.</summary>
    public ImmutableArray<string> RecordKeyFields { get; init; } = [];

    /// <summary>Throws when a partition or key field is not a column.</summary>
    internal void Validate()
    {
        foreach (string name in PartitionFields.Concat(RecordKeyFields))
        {
            if (Schema.IndexOf(name) < 0)
            {
                throw new ArgumentException($"Table '{Name}' has no column '{name}' to partition by or to take as record key.");
            }
        }
    }

    private static bool IsName(string text) =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
