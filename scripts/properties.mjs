// The property tests on cases of their own: `npm run properties -- [--runs 1000000] [--seed 7] [subject]`.
// npm test takes the same cases each time; here they are new, unless a seed is given. A failure prints both.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
  allowPositionals: true,
});
console.log(`npm run properties -- --runs ${values.runs} --seed ${values.seed} ${positionals.join(' ')}`);
const root = fileURLToPath(new URL('..', import.meta.url));
const subjects = positionals.length > 0 ? positionals.map((name) => `test/properties/${name}`) : ['test/properties'];
const { status } = spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', ...subjects, '--verbose'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PROPERTY_RUNS: values.runs, PROPERTY_SEED: values.seed },
});
process.exit(status ?? 1);
