// npm run bench [-- overhead micro stream observing import growth scale quota faults] [--short] [--only guarded,guarded:fetch]
//   [--schedule outage] [--seed 11]
// Prints tables, and writes bench/out/<name>.json with the machine, the date and the versions. `--short`: all under three minutes;
// `--tiny`: only to see that it works.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faults } from './faults.mjs';
import { growth } from './growth.mjs';
import { importing } from './import.mjs';
import { machine } from './lib/processes.mjs';
import { micro } from './micro.mjs';
import { observing } from './observing.mjs';
import { overhead } from './overhead.mjs';
import { quota } from './quota.mjs';
import { scale } from './scale.mjs';
import { stream } from './stream.mjs';

const BENCHES = { overhead, micro, stream, observing, import: importing, growth, scale, quota, faults };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    out: { type: 'string', default: fileURLToPath(new URL('out', import.meta.url)) },
    only: { type: 'string' },
    schedule: { type: 'string' },
    factor: { type: 'string' },
    seed: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

const options = {
  length: values.tiny ? 'tiny' : values.short ? 'short' : 'long',
  only: values.only?.split(','),
  schedules: values.schedule?.split(','),
  ...(values.factor ? { factor: Number(values.factor) } : {}),
  ...(values.seed ? { seed: Number(values.seed) } : {}),
};
mkdirSync(values.out, { recursive: true });
const on = machine();
console.log(`${on.cpu}, ${on.cores} cores, Node ${on.node}, ${on.date}${on.pinned ? '' : ' (not pinned to cores)'}`);
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
  console.log(`\n== ${name}`);
  const rows = await BENCHES[name](options);
  const all = { name, ...on, length: options.length, ...rows };
  writeFileSync(join(values.out, `${name}.json`), `${JSON.stringify(all, undefined, 1)}\n`);
}
process.exit(0);
