using System.Collections.Immutable;

namespace Lakehouse.Columns;

/// <summary>A named column. A required column holds no nulls.</summary>
public sealed record Field(string Name, ColumnType Type, bool Required = false);

/// <summary>The ordered columns of a batch, a file or a table. Names are unique; equality is by content.</summary>
public sealed class Schema : IEquatable<Schema>
{
    private readonly Dictionary<string, int> _indexes;

    /// <summary>Makes a schema. Throws when two fields share a name.</summary>
    public Schema(params ReadOnlySpan<Field> fields)
    {
        Fields = [.. fields];
        _indexes = new Dictionary<string, int>(fields.Length, StringComparer.Ordinal);
        for (int i = 0; i < fields.Length; i++)
        {
            if (!_indexes.TryAdd(fields[i].Name, i))
            {
                throw new ArgumentException($"Two columns are named '{fields[i].Name}'.", nameof(fields));
            }
        }
    }

    /// <summary>The columns in order.</summary>
    public ImmutableArray<Field> Fields { get; }

    /// <summary>Number of columns.</summary>
    public int Count => Fields.Length;

    /// <summary>The column at a position.</summary>
    public Field this[int index] => Fields[index];

    /// <summary>The position of a column, or -1.</summary>
    public int IndexOf(string name) => _indexes.GetValueOrDefault(name, -1);

    /// <summary>This schema with one more column at its end.</summary>
    public Schema Append(Field field) => new([.. Fields, field]);

    /// <inheritdoc/>
    public bool Equals(Schema? other) => other is not null && Fields.AsSpan().SequenceEqual(other.Fields.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Schema);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (Field field in Fields)
        {
            hash.Add(field);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(", ", Fields.Select(f => $"{f.Name} {f.Type}{(f.Required ? " required" : "")}"));
}
