using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// The content of <c>.hoodie/.sequence/n.claim</c>: who wants to write number n, under which instant and where its files gather.
/// Whoever put it may put the outcome; everybody may put the outcome <c>aborted</c>.
/// </summary>
internal sealed record Claim(long Number, string Action, string Instant, string Worker, string Attempt, string Nonce)
{
    /// <summary>The private folder of this claim's finished files.</summary>
    internal ObjectPath Staging => SequenceFolder.Staging(Number, Nonce);

    internal byte[] ToJson() => JsonForm.Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("number", Number);
        json.WriteString("action", Action);
        json.WriteString("instant", Instant);
        json.WriteString("worker", Worker);
        json.WriteString("attempt", Attempt);
        json.WriteString("nonce", Nonce);
        json.WriteString("staging", Staging.Value);
        json.WriteEndObject();
    });

    internal static Claim FromJson(ReadOnlyMemory<byte> utf8, string what) => JsonForm.Read(utf8, what, static json => new Claim(
        json.Long("number"), json.Text("action"), json.Text("instant"), json.Text("worker"), json.Text("attempt"), json.Text("nonce")));
}
