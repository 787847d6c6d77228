namespace Lakehouse.Ingest;

/// <summary>More records are bad than <c>stop_above</c> allows. What was read until then is committed.</summary>
public sealed class DeadLetterLimitException(string pipeline, string reason, string deadLetters) : Exception(
    $"Pipeline '{pipeline}' stops: {reason}. Everything read so far is committed, the bad records to the table at '{deadLetters}'; "
    + $"'lakehouse dead-letters list {deadLetters}' groups them by cause. Correct what makes them bad or raise dead_letters.stop_above, "
    + "then start again: it goes on after them.");
