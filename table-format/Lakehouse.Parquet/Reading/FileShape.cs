using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// The columns of a file from its schema elements. Lists and maps in the forms of LogicalTypes.md, the older ones too; a repeated field
/// without an annotation is a list whose elements are never null. Pure.
/// </summary>
internal sealed class FileShape
{
    private const int DepthMax = 64;
    private readonly ImmutableArray<SchemaElement> _elements;
    private readonly ImmutableArray<Leaf>.Builder _leaves = ImmutableArray.CreateBuilder<Leaf>();
    private int _next = 1;

    private FileShape(ImmutableArray<SchemaElement> elements) => _elements = elements;

    /// <summary>Throws <see cref="ParquetFormatException"/> when the elements are no tree or name a column twice.</summary>
    internal static ImmutableArray<ColumnShape> Of(ImmutableArray<SchemaElement> elements)
    {
        if (elements.IsEmpty || elements[0].NumChildren < 0 || elements[0].NumChildren > elements.Length - 1)
        {
            throw new ParquetFormatException("The file's schema is empty or torn.");
        }

        var shape = new FileShape(elements);
        ImmutableArray<ColumnShape> columns = shape.Children(elements[0], new Place([], 0, 0, 0));
        if (shape._next != elements.Length)
        {
            throw new ParquetFormatException($"The file's schema has {elements.Length} elements, and its tree ends after {shape._next}.");
        }

        return columns;
    }

    private ImmutableArray<ColumnShape> Children(SchemaElement parent, Place place)
    {
        var children = ImmutableArray.CreateBuilder<ColumnShape>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < parent.NumChildren; i++)
        {
            ColumnShape child = Next(place);
            if (!names.Add(child.Field.Name))
            {
                throw new ParquetFormatException($"Two columns are named '{child.Field.Name}'.");
            }

            children.Add(child);
        }

        return children.ToImmutable();
    }

    private SchemaElement Take(Place place)
    {
        if (_next >= _elements.Length || place.Path.Length >= DepthMax)
        {
            throw new ParquetFormatException("The file's schema is torn, or nested too deeply.");
        }

        return _elements[_next++];
    }

    private ColumnShape Next(Place place)
    {
        SchemaElement element = Take(place);
        Place at = place.Enter(element);
        if (element.RepetitionType != FieldRepetitionType.Repeated)
        {
            return Single(element, at, element.RepetitionType == FieldRepetitionType.Required);
        }

        ColumnShape item = Single(element, at, required: true);
        ColumnType type = ColumnType.List(item.Field.Type, required: true);
        return new ColumnShape.OfList(
            new Field(element.Name, type, true), [item], place.Definition, at.Definition, at.Repetition, place.SlotDefinition);
    }

    /// <summary>What an element is, its own repetition aside.</summary>
    private ColumnShape Single(SchemaElement element, Place at, bool required)
    {
        if (element.Type is not null)
        {
            LeafType type = LeafTypes.Of(element);
            var leaf = new Leaf(_leaves.Count, at.Path, type, at.Definition, at.Repetition, at.SlotDefinition);
            _leaves.Add(leaf);
            return new ColumnShape.OfLeaf(new Field(element.Name, type.Type, required), leaf);
        }

        if (element.NumChildren < 1)
        {
            throw new ParquetFormatException($"'{element.Name}' has neither a type nor children.");
        }

        if (element.NumChildren == 1 && _next < _elements.Length && _elements[_next].RepetitionType == FieldRepetitionType.Repeated)
        {
            if (IsMap(element) && _elements[_next].NumChildren == 2)
            {
                return Map(element, at, required);
            }

            if (IsList(element) || IsMap(element))
            {
                return List(element, at, required);
            }
        }

        ImmutableArray<ColumnShape> members = Children(element, at);
        var field = new Field(element.Name, ColumnType.Struct([.. members.Select(static m => m.Field)]), required);
        return new ColumnShape.OfStruct(field, members, at.Definition, at.Repetition, at.SlotDefinition);
    }

    private ColumnShape.OfList List(SchemaElement list, Place at, bool required)
    {
        SchemaElement repeated = _elements[_next];
        Place inner = at.Enter(repeated);
        ColumnShape element;
        if (IsElement(list, repeated))
        {
            _next++;
            element = Single(repeated, inner, required: true);
        }
        else
        {
            _next++;
            element = Next(inner);
        }

        var field = new Field(list.Name, ColumnType.List(element.Field.Type, element.Field.Required), required);
        return new ColumnShape.OfList(field, [element], at.Definition, inner.Definition, inner.Repetition, at.SlotDefinition);
    }

    private ColumnShape.OfList Map(SchemaElement map, Place at, bool required)
    {
        Place inner = at.Enter(_elements[_next++]);
        ColumnShape key = Next(inner);
        ColumnShape value = Next(inner);
        var field = new Field(map.Name, ColumnType.Map(key.Field.Type, value.Field.Type, value.Field.Required), required);
        return new ColumnShape.OfList(field, [key, value], at.Definition, inner.Definition, inner.Repetition, at.SlotDefinition);
    }

    /// <summary>Whether the repeated field is itself the element, as in two-level lists (LogicalTypes.md, backward compatibility).</summary>
    private bool IsElement(SchemaElement list, SchemaElement repeated) =>
        repeated.Type is not null
        || repeated.NumChildren > 1
        || repeated.Name == "array"
        || repeated.Name == list.Name + "_tuple"
        || (_next + 1 < _elements.Length && _elements[_next + 1].RepetitionType == FieldRepetitionType.Repeated);

    private static bool IsList(SchemaElement element) =>
        element.LogicalType?.Kind == LogicalTypeKind.List || element.ConvertedType == ConvertedTypes.List;

    private static bool IsMap(SchemaElement element) =>
        element.LogicalType?.Kind == LogicalTypeKind.Map || element.ConvertedType is ConvertedTypes.Map or ConvertedTypes.MapKeyValue;

    /// <summary>Where in the tree an element stands.</summary>
    private readonly record struct Place(ImmutableArray<string> Path, int Definition, int Repetition, int SlotDefinition)
    {
        internal Place Enter(SchemaElement element) => element.RepetitionType switch
        {
            FieldRepetitionType.Required => this with { Path = Path.Add(element.Name) },
            FieldRepetitionType.Optional => this with { Path = Path.Add(element.Name), Definition = Definition + 1 },
            FieldRepetitionType.Repeated =>
                new Place(Path.Add(element.Name), Definition + 1, Repetition + 1, Definition + 1),
            _ => throw new ParquetFormatException($"'{element.Name}' has no repetition."),
        };
    }
}
