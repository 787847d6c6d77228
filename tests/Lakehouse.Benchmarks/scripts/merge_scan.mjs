// Reads two Parquet files of the same rows in turn, on one thread, and prints the seconds of CPU of each round as [[first, second], ...].
//
//     node merge_scan.mjs duckdb|polars all|COLUMN,... ROUNDS FIRST SECOND       (needs @duckdb/node-api and nodejs-polars in reach)
process.env.POLARS_MAX_THREADS = '1';
const [engine, what, rounds, ...files] = process.argv.slice(2);
const columns = what === 'all' ? undefined : what.split(',');

async function duckdb() {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  return async file => {
    const result = await connection.stream(`select ${columns?.join(', ') ?? '*'} from read_parquet('${file}', hive_partitioning = false)`);
    let rows = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) rows += chunk.rowCount;
    return rows;
  };
}

async function polars() {
  const { default: pl } = await import('nodejs-polars');
  return async file => pl.readParquet(file, { columns, parallel: 'none' }).height;
}

const read = await (engine === 'duckdb' ? duckdb() : polars());
const seconds = [];
for (let round = 0; round <= Number(rounds); round++) {
  const pair = [], rows = [];
  for (const file of files) {
    const before = process.cpuUsage();
    rows.push(await read(file));
    const used = process.cpuUsage(before);
    pair.push((used.user + used.system) / 1e6);
  }
  if (rows[0] !== rows[1]) throw new Error(`${rows[0]} rows and ${rows[1]}`);
  if (round > 0) seconds.push(pair);
}
console.log(JSON.stringify(seconds));
