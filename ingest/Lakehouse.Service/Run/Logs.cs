using System.Globalization;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary>The process's log: state changes, to standard error, so that standard output stays the answer.</summary>
internal static class Logs
{
    private const string Template = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <summary>A factory for a command. On a terminal with a live line only warnings are shown, unless asked for more.</summary>
    internal static ILoggerFactory Create(Terminal terminal)
    {
        LogEventLevel level = terminal.IsVerbose ? LogEventLevel.Debug
            : terminal.IsInteractive ? LogEventLevel.Warning : LogEventLevel.Information;
        Serilog.Core.Logger logger = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .WriteTo.Console(
                outputTemplate: Template,
                formatProvider: CultureInfo.InvariantCulture,
                standardErrorFromLevel: LogEventLevel.Verbose)
            .CreateLogger();
        return new SerilogLoggerFactory(logger, dispose: true);
    }
}
