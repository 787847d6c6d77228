// Copies the rows of Parquet files into one, on one thread, and prints the seconds of CPU and of the clock that it took.
//
//     node merge_duckdb.mjs OUT FILE...       (needs @duckdb/node-api in reach)
import { DuckDBInstance } from '@duckdb/node-api';

const [out, ...files] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
const list = files.map(f => `'${f}'`).join(', ');
const before = process.cpuUsage(), began = performance.now();
await connection.run(`copy (select * from read_parquet([${list}], hive_partitioning = false)) to '${out}'
  (format parquet, compression zstd, compression_level 1, row_group_size 1048576)`);
const used = process.cpuUsage(before);
console.log(JSON.stringify([(used.user + used.system) / 1e6, (performance.now() - began) / 1e3]));
