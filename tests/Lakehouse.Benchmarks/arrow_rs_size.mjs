// The bytes that arrow-rs (through parquet-wasm) writes for the rows of a file, per codec, with the limits of the other writers here.
//     node arrow_rs_size.mjs FILE CODEC...
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Compression, WriterPropertiesBuilder, readParquet, writeParquet } = createRequire(import.meta.url)('parquet-wasm');
const [file, ...codecs] = process.argv.slice(2);
const bytes = readFileSync(file);
const sizes = codecs.map(codec => writeParquet(
  readParquet(bytes),
  new WriterPropertiesBuilder()
    .setCompression(Compression[codec]).setMaxRowGroupSize(1 << 20).setDataPageSizeLimit(1 << 20).setDictionaryPageSizeLimit(1 << 20).build(),
).length);
console.log(JSON.stringify(sizes));
