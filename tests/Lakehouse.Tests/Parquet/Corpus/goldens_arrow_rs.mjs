// Prints, as JSON, the MD5 of the values of every column of the Parquet files below a folder, as arrow-rs reads them (through
// parquet-wasm), or Polars. Columns of types without a canonical text, such as intervals, are left out.
//
//     node goldens_arrow_rs.mjs FOLDER > goldens_arrow_rs.json       (needs parquet-wasm and apache-arrow in reach)
//     node goldens_arrow_rs.mjs FOLDER polars                        (needs nodejs-polars too)
//
// The text of a value, which the sum is of, is that of CanonicalText.cs beside this file.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { tableFromIPC, Type, TimeUnit } from 'apache-arrow';

const require = createRequire(import.meta.url);
const [folder, engine] = process.argv.slice(2);
const isPolars = engine === 'polars';
const name = isPolars ? 'nodejs-polars' : 'parquet-wasm';
const library = require(name);
const version = JSON.parse(readFileSync(require.resolve(name).replace(new RegExp(name + '/.*'), name + '/package.json'))).version;

function readTable(path) {
  return isPolars
    ? tableFromIPC(library.readParquet(path).writeIPC({ compression: 'uncompressed' }))
    : tableFromIPC(library.readParquet(readFileSync(path)).intoIPCStream());
}

const hex = bytes => 'x' + Buffer.from(bytes).toString('hex');

function bits(value, width) {
  const buffer = Buffer.alloc(width);
  width === 4 ? buffer.writeFloatBE(value) : buffer.writeDoubleBE(value);
  return (width === 4 ? 'f' : 'd') + buffer.toString('hex');
}

function decimal(words, i, count) {
  let value = 0n;
  for (let w = count - 1; w >= 0; w--) value = (value << 32n) | BigInt(words[i * count + w]);
  return BigInt.asIntN(32 * count, value);
}

// The text of value i of an Arrow array, whose slots begin at data.offset.
function text(data, i) {
  const type = data.type, values = data.values;
  if (!data.getValid(i)) return 'N';
  const element = (child, from, to) => Array.from({ length: to - from }, (_, k) => text(child, from + k));
  switch (type.typeId) {
    case Type.Null: return 'N';
    case Type.Bool: return (values[(data.offset + i) >> 3] >> ((data.offset + i) & 7)) & 1 ? 'T' : 'F';
    case Type.Time:
      if (isPolars) throw new Error('no text for times of day: Polars has nanoseconds');
      return String(values[i]);
    case Type.Int: case Type.Date: return String(values[i]);
    case Type.Timestamp:
      if (type.unit === TimeUnit.NANOSECOND) throw new Error('no text for nanoseconds: INT96 comes as them');
      return String(type.unit === TimeUnit.MILLISECOND ? values[i] * 1000n : values[i]);
    case Type.Float:
      if (type.precision === 0) throw new Error('no text for halves: JavaScript has no bits of NaN');
      return bits(values[i], type.precision === 1 ? 4 : 8);
    case Type.Decimal: return String(decimal(values, i, type.bitWidth / 32));
    case Type.Binary: case Type.Utf8: case Type.LargeBinary: case Type.LargeUtf8:
      return hex(values.subarray(Number(data.valueOffsets[i]), Number(data.valueOffsets[i + 1])));
    case Type.FixedSizeBinary: return hex(values.subarray(i * type.byteWidth, (i + 1) * type.byteWidth));
    case Type.List: return '[' + element(data.children[0], data.valueOffsets[i], data.valueOffsets[i + 1]).join(',') + ']';
    case Type.Map: {
      const [keys, items] = data.children[0].children;
      const pairs = element(keys, data.valueOffsets[i], data.valueOffsets[i + 1]).map((k, n) => k + '=' + text(items, data.valueOffsets[i] + n));
      return '<' + pairs.join(',') + '>';
    }
    case Type.Struct: return '{' + data.children.map(c => text(c, i)).join(',') + '}';
    default: throw new Error('no text for ' + type);
  }
}

function golden(path) {
  try {
    const table = readTable(path);
    const found = { rows: table.numRows, columns: {} };
    for (const field of table.schema.fields) {
      try {
        const sum = createHash('md5');
        for (const data of table.getChild(field.name)?.data ?? []) for (let i = 0; i < data.length; i++) sum.update(text(data, i) + '\n');
        found.columns[field.name] = sum.digest('hex');
      } catch (e) {
        if (!String(e.message).startsWith('no text')) throw e;
      }
    }
    return found;
  } catch (e) {
    return { failure: String(e.message ?? e).slice(0, 200) };
  }
}

const files = {};
for (const file of readdirSync(folder, { recursive: true }).filter(f => f.endsWith('.parquet') && !f.includes('large_string_map')).sort()) {
  files[`${basename(folder)}/${file}`] = golden(join(folder, file));
}
console.log(JSON.stringify({ reader: isPolars ? `Polars ${version}` : `arrow-rs through parquet-wasm ${version}`, files }, null, 1));
