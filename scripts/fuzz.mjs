// Fuzzes every parser: `npm run fuzz -- [--seconds 60] [--seed 7] [--inputs 1] [--ms 10]`. What it finds it keeps in
// test/corpus/fuzz-findings.jsonl, which npm test plays again. 10 ms for 64 KB hold on a machine that does nothing else.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    inputs: { type: 'string' },
    ms: { type: 'string', default: '10' },
  },
});
const env = { ...process.env, FUZZ_SEED: values.seed, FUZZ_MS: values.ms };
if (values.inputs) env.FUZZ_INPUTS = values.inputs;
else env.FUZZ_SECONDS = values.seconds;
const root = fileURLToPath(new URL('..', import.meta.url));
const jest = ['node_modules/jest/bin/jest.js', values.inputs ? 'test/fuzz/fuzz' : 'test/fuzz', '--verbose'];
process.exit(spawnSync(process.execPath, jest, { cwd: root, stdio: 'inherit', env }).status ?? 1);
