namespace Lakehouse.Hudi;

/// <summary>
/// An instant that is kept until it is released: no clean deletes a file that it shows, no pruning takes it off the timeline, and a
/// restore can always go back to it.
/// </summary>
/// <param name="Name">What people call it; the instant itself where nobody gave it a name.</param>
/// <param name="Instant">The instant that is kept.</param>
/// <param name="Number">The instant's number in the sequence; 0 when another program made the savepoint.</param>
/// <param name="CreatedAt">When, as an instant.</param>
public sealed record Savepoint(string Name, string Instant, long Number, string CreatedAt);
