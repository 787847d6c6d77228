namespace Lakehouse.Service;

/// <summary>What the process says when it ends. Scripts rely on these numbers; <c>lakehouse --help</c> prints them.</summary>
internal static class ExitCode
{
    /// <summary>Everything was done.</summary>
    internal const int Success = 0;

    /// <summary>The work failed, or a verification found something.</summary>
    internal const int Failed = 1;

    /// <summary>The command line, a pipeline file or an expression is wrong; nothing was touched.</summary>
    internal const int Usage = 2;

    /// <summary>A pipeline stopped at a record that it could not take, or at too many of them; everything before is committed.</summary>
    internal const int BadData = 3;

    /// <summary>Kafka or the store could not be reached or answered with an error.</summary>
    internal const int Unreachable = 4;

    /// <summary>Nothing is where the command was pointed at: no table, no file, no such instant.</summary>
    internal const int NotFound = 5;

    /// <summary>Another process runs under this worker's id; starting this one again would only push that one out.</summary>
    internal const int Replaced = 6;

    /// <summary>The codes as help shows them.</summary>
    internal const string Description = """
        Exit codes: 0 success; 1 failed, or a verification found something; 2 the command line or a pipeline file is wrong;
        3 stopped at bad data; 4 Kafka or the store is unreachable; 5 no table, file or instant there;
        6 another process runs under this worker's id.
        """;
}
