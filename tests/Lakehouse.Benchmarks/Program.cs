using Lakehouse.Benchmarks;

// Build in Release. Each benchmark runs in turn with the program in ../shared/yardstick that does the same work, if it is there.
if (args is ["commits", ..])
{
    return await CommitBenchmark.RunAsync(args);
}

if (args is ["scan", ..])
{
    return await ScanBenchmark.RunAsync(args);
}

if (args is ["tables", ..])
{
    return await BenchmarkTables.RunAsync(args);
}

if (args is ["fetch", ..])
{
    return await FetchBenchmark.RunAsync(args);
}

if (args is ["plan", ..])
{
    return await PlanBenchmark.RunAsync(args);
}

if (args is ["upload", ..])
{
    return await UploadBenchmark.RunAsync(args);
}

if (args is ["merge", ..])
{
    return await MergeBenchmark.RunAsync(args);
}

if (Arguments.Parse(args) is not { } arguments)
{
    await Console.Error.WriteLineAsync(Arguments.Usage + Environment.NewLine + CommitBenchmark.Usage
        + Environment.NewLine + ScanBenchmark.Usage + Environment.NewLine + BenchmarkTables.Usage
        + Environment.NewLine + FetchBenchmark.Usage + Environment.NewLine + PlanBenchmark.Usage + Environment.NewLine + MergeBenchmark.Usage);
    return 2;
}

NdjsonFile file = NdjsonFile.Read(arguments.Ndjson, arguments.RowCount);
Report? report = arguments.Benchmark switch
{
    "json" => JsonBenchmark.Run(arguments, file),
    "parquet" => await ParquetBenchmark.RunAsync(arguments, file),
    "write" => await WriterBenchmark.RunAsync(arguments, file),
    "ingest" => await IngestBenchmark.RunAsync(arguments, file),
    "expressions" => ExpressionBenchmark.Run(arguments, file),
    _ => null,
};
if (report is null)
{
    await Console.Error.WriteLineAsync(Arguments.Usage);
    return 2;
}

report.Print(arguments.Out);
return 0;
