using System.Globalization;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary>The process's log: state changes, to standard error, so that standard output stays the answer.</summary>
internal static class Logs
{
    private const string Brief = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Message:lj}{Cause}{NewLine}";
    private const string Verbose = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <summary>A factory for a command. On a terminal with a live line only warnings are shown, unless asked for more.</summary>
    internal static ILoggerFactory Create(Terminal terminal)
    {
        LogEventLevel level = terminal.IsVerbose ? LogEventLevel.Debug
            : terminal.IsInteractive ? LogEventLevel.Warning : LogEventLevel.Information;
        Logger logger = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .Enrich.With<CauseEnricher>()
            .WriteTo.Console(
                outputTemplate: terminal.IsVerbose ? Verbose : Brief,
                formatProvider: CultureInfo.InvariantCulture,
                standardErrorFromLevel: LogEventLevel.Verbose)
            .CreateLogger();
        return new SerilogLoggerFactory(logger, dispose: true);
    }

    /// <summary>What an exception says, unless the message says it already; its stack is for those who ask for more.</summary>
    private sealed class CauseEnricher : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            string? cause = logEvent.Exception?.Message;
            if (cause is not null && !logEvent.RenderMessage(CultureInfo.InvariantCulture).Contains(cause, StringComparison.Ordinal))
            {
                logEvent.AddPropertyIfAbsent(new LogEventProperty("Cause", new ScalarValue(": " + cause)));
            }
        }
    }
}
