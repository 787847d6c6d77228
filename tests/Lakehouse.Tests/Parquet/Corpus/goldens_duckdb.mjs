// Prints, as JSON, the MD5 of the values of every column of the Parquet files below a folder, as DuckDB reads them. Times of day and
// intervals, whose units DuckDB changes, are left out.
//
//     node goldens_duckdb.mjs FOLDER > goldens_duckdb.json       (needs @duckdb/node-api in reach)
//
// The text of a value, which the sum is of, is that of CanonicalText.cs beside this file.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DuckDBInstance, DuckDBTypeId as Id, version } from '@duckdb/node-api';

const hex = bytes => 'x' + Buffer.from(bytes).toString('hex');

function bits(value, width) {
  const buffer = Buffer.alloc(width);
  width === 4 ? buffer.writeFloatBE(value) : buffer.writeDoubleBE(value);
  return (width === 4 ? 'f' : 'd') + buffer.toString('hex');
}

function supports(type) {
  switch (type.typeId) {
    case Id.TIME: case Id.TIME_TZ: case Id.TIME_NS: case Id.INTERVAL: return false;
    case Id.LIST: return supports(type.valueType);
    case Id.MAP: return supports(type.keyType) && supports(type.valueType);
    case Id.STRUCT: return type.entryTypes.every(supports);
    default: return true;
  }
}

function text(value, type) {
  if (value === null || value === undefined) return 'N';
  switch (type.typeId) {
    case Id.BOOLEAN: return value ? 'T' : 'F';
    case Id.FLOAT: return bits(value, 4);
    case Id.DOUBLE: return bits(value, 8);
    case Id.VARCHAR: return hex(Buffer.from(value, 'utf8'));
    case Id.BLOB: return hex(value.bytes);
    case Id.GEOMETRY: return hex(value.bytes ?? value);
    case Id.DECIMAL: return String(value.value);
    case Id.DATE: return String(value.days);
    case Id.TIMESTAMP: case Id.TIMESTAMP_TZ: return String(value.micros);
    case Id.TIMESTAMP_MS: return String(value.millis * 1000n);
    case Id.TIMESTAMP_NS: return String(value.nanos);
    case Id.UUID: return 'x' + value.toString().replaceAll('-', '');
    case Id.LIST: return '[' + value.items.map(v => text(v, type.valueType)).join(',') + ']';
    case Id.MAP: return '<' + value.entries.map(e => text(e.key, type.keyType) + '=' + text(e.value, type.valueType)).join(',') + '>';
    case Id.STRUCT: return '{' + type.entryNames.map((name, i) => text(value.entries[name], type.entryTypes[i])).join(',') + '}';
    default: return String(value);
  }
}

async function golden(connection, path) {
  try {
    const result = await connection.runAndReadAll(`select * from read_parquet('${path}', hive_partitioning = false)`);
    const columns = result.getColumns();
    const found = { rows: result.currentRowCount, columns: {} };
    result.columnNames().forEach((name, c) => {
      const type = result.columnType(c);
      if (supports(type)) {
        const sum = createHash('md5');
        for (const value of columns[c] ?? []) sum.update(text(value, type) + '\n');
        found.columns[name] = sum.digest('hex');
      }
    });
    return found;
  } catch (e) {
    return { failure: String(e.message ?? e).slice(0, 200) };
  }
}

const [folder] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const files = {};
for (const file of readdirSync(folder, { recursive: true }).filter(f => f.endsWith('.parquet')).sort()) {
  files[`${basename(folder)}/${file}`] = await golden(connection, join(folder, file));
}
console.log(JSON.stringify({ reader: `DuckDB ${version()}`, files }, null, 1));
