// Prints, as JSON, the MD5 of the values of every column of the Parquet files below a folder, as hyparquet reads them. Columns with
// decimals or floats of four bytes, which it makes JavaScript's numbers, are left out.
//
//     node goldens_hyparquet.mjs FOLDER       (needs hyparquet and hyparquet-compressors in reach)
//
// The text of a value, which the sum is of, is that of CanonicalText.cs beside this file.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const hex = bytes => 'x' + Buffer.from(bytes).toString('hex');
const raw = value => value;
const parsers = {
  timestampFromMilliseconds: millis => millis * 1000n, timestampFromMicroseconds: raw, timestampFromNanoseconds: raw, dateFromDays: raw,
  stringFromBytes: raw,
};

function double(value) {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return 'd' + buffer.toString('hex');
}

function text(value, node) {
  if (value === null || value === undefined) return 'N';
  const { element, children } = node;
  const logical = element.logical_type?.type ?? element.converted_type;
  if (logical === 'LIST') return '[' + value.map(v => text(v, children[0].children[0])).join(',') + ']';
  if (logical === 'MAP') {
    const [key, item] = children[0].children;
    const pairs = Array.isArray(value) ? value.map(p => [p.key, p.value]) : Object.entries(value);
    if (!Array.isArray(value)) throw new Error('no text for maps: equal keys are merged');
    return '<' + pairs.map(([k, v]) => text(k, key) + '=' + text(v, item)).join(',') + '>';
  }
  if (children.length > 0) return '{' + children.map(c => text(value[c.element.name], c)).join(',') + '}';
  switch (element.type) {
    case 'BOOLEAN': return value ? 'T' : 'F';
    case 'DOUBLE': return double(value);
    case 'BYTE_ARRAY': return hex(value);
    default: return String(value);
  }
}

const isLeftOut = ({ element, children }) => element.type === 'FIXED_LEN_BYTE_ARRAY' || element.type === 'FLOAT'
  || element.converted_type === 'MAP' || children.some(isLeftOut);

async function golden(path) {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const nodes = parquetSchema(metadata).children.filter(n => !isLeftOut(n));
    const columns = nodes.map(n => n.element.name);
    const found = { rows: Number(metadata.num_rows), columns: {} };
    if (columns.length === 0) return found;
    const rows = await parquetReadObjects({ file, metadata, columns, compressors, parsers, utf8: false });
    for (const node of nodes) {
      const sum = createHash('md5');
      for (const row of rows) sum.update(text(row[node.element.name], node) + '\n');
      found.columns[node.element.name] = sum.digest('hex');
    }
    return found;
  } catch (e) {
    return { failure: String(e.stack ?? e).slice(0, 400) };
  }
}

const [folder] = process.argv.slice(2);
const files = {};
for (const file of readdirSync(folder, { recursive: true }).filter(f => f.endsWith('.parquet')).sort()) {
  files[`${basename(folder)}/${file}`] = await golden(join(folder, file));
}
console.log(JSON.stringify({ reader: 'hyparquet', files }, null, 1));
