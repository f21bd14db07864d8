// npm run bench [-- overhead micro stream observing import growth] [--short] [--only guarded,guarded:fetch]
// Prints tables, and writes bench/out/<name>.json with the machine, the date and the versions. `--short`: under three minutes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { growth } from './growth.mjs';
import { importing } from './import.mjs';
import { machine } from './lib/processes.mjs';
import { micro } from './micro.mjs';
import { observing } from './observing.mjs';
import { overhead } from './overhead.mjs';
import { stream } from './stream.mjs';

const BENCHES = { overhead, micro, stream, observing, import: importing, growth };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

const folder = fileURLToPath(new URL('out/', import.meta.url));
mkdirSync(folder, { recursive: true });
const on = machine();
console.log(`${on.cpu}, ${on.cores} cores, Node ${on.node}, ${on.date}${on.pinned ? '' : ' (not pinned to cores)'}`);
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
  console.log(`\n== ${name}`);
  const rows = await BENCHES[name]({ short: values.short, only: values.only?.split(',') });
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ name, ...on, short: values.short, ...rows }, undefined, 1)}\n`);
}
process.exit(0);
