using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>SchemaElement and LogicalType to and from thrift.</summary>
internal static class SchemaFormat
{
    internal static void Write(ref ThriftWriter writer, SchemaElement element)
    {
        short outer = writer.BeginElement();
        if (element.Type is ParquetType physical)
        {
            writer.I32(1, (int)physical);
        }

        if (element.TypeLength > 0)
        {
            writer.I32(2, element.TypeLength);
        }

        if (element.RepetitionType is FieldRepetitionType repetition)
        {
            writer.I32(3, (int)repetition);
        }

        writer.String(4, element.Name);
        if (element.Type is null)
        {
            writer.I32(5, element.NumChildren);
        }

        if (element.ConvertedType is int converted)
        {
            writer.I32(6, converted);
        }

        if (element.Precision > 0)
        {
            writer.I32(7, element.Scale);
            writer.I32(8, element.Precision);
        }

        if (element.LogicalType is { Kind: not LogicalTypeKind.Unknown })
        {
            Write(ref writer, element.LogicalType);
        }

        writer.EndStruct(outer);
    }

    private static void Write(ref ThriftWriter writer, LogicalType logical)
    {
        short union = writer.BeginStruct(10);
        short outer = writer.BeginStruct((short)logical.Kind);
        switch (logical.Kind)
        {
            case LogicalTypeKind.Decimal:
                writer.I32(1, logical.Scale);
                writer.I32(2, logical.Precision);
                break;
            case LogicalTypeKind.Time or LogicalTypeKind.Timestamp:
                writer.Bool(1, logical.IsAdjustedToUtc);
                short unit = writer.BeginStruct(2);
                writer.EndStruct(writer.BeginStruct((short)logical.Unit));
                writer.EndStruct(unit);
                break;
        }

        writer.EndStruct(outer);
        writer.EndStruct(union);
    }

    internal static ImmutableArray<SchemaElement> ReadList(ref ThriftReader reader, byte listType)
    {
        int count = reader.List(listType, out _);
        var elements = ImmutableArray.CreateBuilder<SchemaElement>();
        for (int i = 0; i < count; i++)
        {
            elements.Add(Read(ref reader));
        }

        return elements.ToImmutable();
    }

    private static SchemaElement Read(ref ThriftReader reader)
    {
        var element = new SchemaElement { Name = "" };
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            switch (id)
            {
                case 1:
                    element = element with { Type = (ParquetType)reader.I32(type) };
                    break;
                case 2:
                    element = element with { TypeLength = reader.I32(type) };
                    break;
                case 3:
                    element = element with { RepetitionType = (FieldRepetitionType)reader.I32(type) };
                    break;
                case 4:
                    element = element with { Name = reader.String(type) };
                    break;
                case 5:
                    element = element with { NumChildren = reader.I32(type) };
                    break;
                case 6:
                    element = element with { ConvertedType = reader.I32(type) };
                    break;
                case 7:
                    element = element with { Scale = reader.I32(type) };
                    break;
                case 8:
                    element = element with { Precision = reader.I32(type) };
                    break;
                case 10:
                    element = element with { LogicalType = ReadLogicalType(ref reader) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.EndStruct(outer);
        return element;
    }

    private static LogicalType ReadLogicalType(ref ThriftReader reader)
    {
        var logical = new LogicalType(LogicalTypeKind.Unknown);
        short union = reader.BeginStruct();
        while (reader.NextField(out short kind, out byte unionType))
        {
            if (!Enum.IsDefined((LogicalTypeKind)kind) || unionType != ThriftWriter.StructType)
            {
                reader.Skip(unionType);
                continue;
            }

            logical = new LogicalType((LogicalTypeKind)kind);
            short outer = reader.BeginStruct();
            while (reader.NextField(out short id, out byte type))
            {
                logical = ReadParameter(ref reader, logical, id, type);
            }

            reader.EndStruct(outer);
        }

        reader.EndStruct(union);
        return logical;
    }

    private static LogicalType ReadParameter(ref ThriftReader reader, LogicalType logical, short id, byte type)
    {
        switch (logical.Kind, id)
        {
            case (LogicalTypeKind.Decimal, 1):
                return logical with { Scale = reader.I32(type) };
            case (LogicalTypeKind.Decimal, 2):
                return logical with { Precision = reader.I32(type) };
            case (LogicalTypeKind.Timestamp or LogicalTypeKind.Time, 1):
                return logical with { IsAdjustedToUtc = ThriftReader.Bool(type) };
            case (LogicalTypeKind.Timestamp or LogicalTypeKind.Time, 2):
                return logical with { Unit = ReadUnit(ref reader) };
            case (LogicalTypeKind.Integer, 1):
                return logical with { BitWidth = reader.I32(type) };
            case (LogicalTypeKind.Integer, 2):
                return logical with { IsSigned = ThriftReader.Bool(type) };
            default:
                reader.Skip(type);
                return logical;
        }
    }

    private static TimestampUnit ReadUnit(ref ThriftReader reader)
    {
        TimestampUnit unit = TimestampUnit.Millis;
        short outer = reader.BeginStruct();
        while (reader.NextField(out short id, out byte type))
        {
            unit = (TimestampUnit)id;
            reader.Skip(type);
        }

        reader.EndStruct(outer);
        return unit;
    }
}
