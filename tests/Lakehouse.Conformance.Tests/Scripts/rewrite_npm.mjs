// Writes the rows of Parquet files into others, as DuckDB, Polars and arrow-rs write them.
//
//     node rewrite_npm.mjs REQUESTS.json       (needs the writers in reach)
//
// Requests are [{ writer: duckdb|polars|arrow-rs, from, to, codec, dictionary, v2, groupRows, pageBytes }].
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { DuckDBInstance } = await import('@duckdb/node-api');
const { default: pl } = await import('nodejs-polars');
const wasm = require('parquet-wasm');
const connection = await (await DuckDBInstance.create(':memory:')).connect();

const writers = {
  async duckdb({ from, to, codec, dictionary, v2, groupRows }) {
    await connection.run(`copy (select * from read_parquet('${from}', hive_partitioning = false)) to '${to}' (format parquet,
      compression ${codec === 'none' ? 'uncompressed' : codec}, parquet_version ${v2 ? 'v2' : 'v1'}, row_group_size ${groupRows}
      ${dictionary ? '' : ', string_dictionary_page_size_limit 1, dictionary_size_limit 1'})`);
  },
  async polars({ from, to, codec }) {
    pl.readParquet(from).writeParquet(to, { compression: codec === 'none' ? 'uncompressed' : codec });
  },
  async 'arrow-rs'({ from, to, codec, dictionary, v2, groupRows, pageBytes }) {
    const codecs = { none: 'UNCOMPRESSED', snappy: 'SNAPPY', zstd: 'ZSTD', gzip: 'GZIP' };
    const properties = new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression[codecs[codec]]).setDictionaryEnabled(dictionary)
      .setDataPageSizeLimit(pageBytes).setMaxRowGroupSize(groupRows)
      .setWriterVersion(v2 ? wasm.WriterVersion.V2 : wasm.WriterVersion.V1).build();
    writeFileSync(to, wasm.writeParquet(wasm.readParquet(readFileSync(from)), properties));
  },
};

const failures = [];
for (const request of JSON.parse(readFileSync(process.argv[2]))) {
  try {
    await writers[request.writer](request);
  } catch (e) {
    failures.push(`${request.writer} ${request.from}: ${String(e.message ?? e).slice(0, 300)}`);
  }
}
console.log(JSON.stringify(failures));
