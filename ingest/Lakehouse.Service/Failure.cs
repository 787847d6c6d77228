using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Service;

/// <summary>An exception as the user meets it: a sentence and an exit code.</summary>
internal readonly record struct Failure(int ExitCode, string Sentence)
{
    /// <summary>Finds the sentence and the code of an exception.</summary>
    internal static Failure Of(Exception exception) => exception switch
    {
        CommandFailedException e => new Failure(e.ExitCode, e.Message),
        AggregateException { InnerExceptions: [var only] } => Of(only),
        OperationCanceledException => new Failure(Service.ExitCode.Failed, "Interrupted."),
        KafkaException { IsReplaced: true } e => new Failure(Service.ExitCode.Replaced, $"Kafka: {e.Message}"),
        KafkaException e => new Failure(Service.ExitCode.Unreachable, $"Kafka: {e.Message}"),
        ObjectStoreException e => new Failure(Service.ExitCode.Unreachable, e.Message),
        ExpressionException e => new Failure(Service.ExitCode.Usage, e.Message),
        PipelineDefinitionException e => new Failure(Service.ExitCode.Usage, e.Message),
        BadRecordException e => new Failure(Service.ExitCode.BadData, e.Message),
        DeadLetterLimitException e => new Failure(Service.ExitCode.BadData, e.Message),
        JobException { InnerException: { } cause } e => new Failure(Of(cause).ExitCode, e.Message),
        HudiException or ParquetFormatException or InvalidDataException => new Failure(Service.ExitCode.Failed, exception.Message),
        _ => new Failure(Service.ExitCode.Failed, $"{exception.Message} (run again with --verbose for where it came from)"),
    };
}
