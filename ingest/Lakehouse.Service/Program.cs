using Lakehouse.Service;

return await CommandLine.RunAsync(args);
