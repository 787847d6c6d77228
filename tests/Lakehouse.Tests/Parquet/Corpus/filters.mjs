// Counts rows by equality filters, which the reader may answer from statistics, page indexes and bloom filters alone.
//
//     node filters.mjs duckdb|polars|hyparquet REQUESTS.json       (needs the reader in reach)
//
// Requests are [{ file, column, type, value }], type one of long, double, text; prints the list of counts.
import { readFileSync } from 'node:fs';

const [engine, requests] = process.argv.slice(2);

const readers = {
  async duckdb() {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    return async ({ file, column, type, value }) => {
      const literal = type === 'text' ? `'${value.replaceAll("'", "''")}'` : type === 'double' ? `'${value}'::double` : value;
      const result = await connection.runAndReadAll(`select count(*)::int from read_parquet('${file}') where "${column}" = ${literal}`);
      return result.getRows()[0][0];
    };
  },
  async polars() {
    const { default: pl } = await import('nodejs-polars');
    return async ({ file, column, type, value }) => {
      const literal = type === 'text' ? pl.lit(value) : type === 'double' ? pl.lit(Number(value)) : pl.lit(value).cast(pl.Int64);
      return (await pl.scanParquet(file).filter(pl.col(column).eq(literal)).collect()).height;
    };
  },
  async hyparquet() {
    const { asyncBufferFromFile, parquetReadObjects } = await import('hyparquet');
    const { compressors } = await import('hyparquet-compressors');
    return async ({ file, column, type, value, width }) => {
      const wanted = type === 'text' ? value : type === 'double' || width === 4 ? Number(value) : BigInt(value);
      const rows = await parquetReadObjects({
        file: await asyncBufferFromFile(file), columns: [column], filter: { [column]: { $eq: wanted } }, compressors,
        usePageIndex: true, useBloomFilters: true,
      });
      return rows.length;
    };
  },
};

const count = await readers[engine]();
const counts = [];
for (const request of JSON.parse(readFileSync(requests))) counts.push(await count(request));
console.log(JSON.stringify(counts));
