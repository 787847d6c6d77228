using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Lakehouse.Service;

/// <summary>
/// Where a command says what it found: results on standard output, everything else on standard error. With --json exactly one JSON
/// document goes to standard output and nothing else.
/// </summary>
internal sealed class Terminal
{
    private const int FindingsShownMax = 50;

    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private static readonly JsonSerializerOptions OneLine = new(Options) { WriteIndented = false };

    private readonly IAnsiConsole _console = AnsiConsole.Console;
    private readonly TextWriter _out = Console.Out;
    private readonly TextWriter _error = Console.Error;
    private bool _hasStatus;

    /// <summary>The process's own terminal.</summary>
    internal Terminal(bool json, bool verbose)
    {
        IsJson = json;
        IsVerbose = verbose;
        IsInteractive = !json && !Console.IsOutputRedirected;
    }

    /// <summary>True when the answer must be one JSON document.</summary>
    internal bool IsJson { get; }

    /// <summary>True when errors come with their stack traces.</summary>
    internal bool IsVerbose { get; }

    /// <summary>True when somebody is looking: colours, boxes and live lines make sense.</summary>
    internal bool IsInteractive { get; }

    /// <summary>One line for people; nothing in JSON mode.</summary>
    internal void Line(string text = "")
    {
        if (!IsJson)
        {
            _out.WriteLine(text);
        }
    }

    /// <summary>A line that is good news.</summary>
    internal void Good(string text) => Colored("green", text);

    /// <summary>A line that is bad news, still part of the answer.</summary>
    internal void Bad(string text) => Colored("red", text);

    /// <summary>The first of what was found, each on a line of its own, and how many more there are.</summary>
    internal void Findings<T>(IReadOnlyCollection<T> all, Func<T, string> text, bool isBad)
    {
        Action<string> line = isBad ? Bad : Line;
        foreach (T one in all.Take(FindingsShownMax))
        {
            line("  " + text(one));
        }

        if (all.Count > FindingsShownMax)
        {
            line($"  and {Sizes.Count(all.Count - FindingsShownMax)} more; --json has them all.");
        }
    }

    /// <summary>A heading.</summary>
    internal void Heading(string text) => Colored("bold", text);

    /// <summary>A table for people; nothing in JSON mode.</summary>
    internal void Table(TextTable table)
    {
        if (IsJson)
        {
            return;
        }

        if (IsInteractive)
        {
            _console.Write(table.ToSpectre());
        }
        else
        {
            table.WriteTo(_out);
        }
    }

    /// <summary>A value as JSON on one line.</summary>
    internal static string Compact(object value) => JsonSerializer.Serialize(value, OneLine);

    /// <summary>The answer as JSON; nothing in human mode.</summary>
    internal void Json<T>(T answer)
    {
        if (IsJson)
        {
            _out.WriteLine(JsonSerializer.Serialize(answer, Options));
        }
    }

    /// <summary>
    /// How things stand: replaces the line before on a terminal, is a line of its own in a pipe. On standard error, where it is no part of
    /// the answer.
    /// </summary>
    internal void Status(string text)
    {
        if (!IsInteractive)
        {
            _error.WriteLine(text);
            return;
        }

        int width = Math.Max(20, _console.Profile.Width - 1);
        _error.Write("\r\u001b[K" + (text.Length > width ? text[..width] : text));
        _hasStatus = true;
    }

    /// <summary>Leaves the last status where it is and goes to a new line.</summary>
    internal void EndStatus()
    {
        if (_hasStatus)
        {
            _error.WriteLine();
            _hasStatus = false;
        }
    }

    /// <summary>An error or a note beside the answer, on standard error.</summary>
    internal void Note(string text)
    {
        EndStatus();
        _error.WriteLine(text);
    }

    private void Colored(string style, string text)
    {
        if (IsInteractive)
        {
            _console.MarkupLine($"[{style}]{Markup.Escape(text)}[/]");
        }
        else
        {
            Line(text);
        }
    }
}
