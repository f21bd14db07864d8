import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../seeded.ts';
import { makeInput, SEEDS } from './inputs.ts';
import { faultOf } from './oracle.ts';
import { TARGETS } from './targets.ts';

// In npm test a number of inputs that are always the same; `npm run fuzz` goes on for as long as it is told, from a seed
// of its own, and keeps what it finds in the file below.
const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const seed = Number(process.env.FUZZ_SEED ?? 1);
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 800);

const FINDINGS = join(__dirname, '../corpus/fuzz-findings.jsonl');

interface Finding {
  readonly target: string;
  readonly text: string;
}

function findings(): Finding[] {
  if (!existsSync(FINDINGS)) return [];
  return readFileSync(FINDINGS, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Finding);
}

/** The same fault in a shorter text: pieces are left out for as long as it stays. */
function shorter(target: string, text: string): string {
  let best = text;
  const until = performance.now() + 3000;
  for (let size = best.length >> 1; size > 0 && performance.now() < until; size >>= 1) {
    for (let at = 0; at + size <= best.length && performance.now() < until; ) {
      const without = best.slice(0, at) + best.slice(at + size);
      if (faultOf(target, without).fault) best = without;
      else at += size;
    }
  }
  return best;
}

test('what was found once is never found again', () => {
  for (const { target, text } of findings())
    expect([target, text, faultOf(target, text).fault]).toEqual([target, text, undefined]);
});

test('every parser takes every real failure as it is', () => {
  const wrong = SEEDS.flatMap((text) => Object.keys(TARGETS).map((target) => ({ target, ...faultOf(target, text) })));
  expect(wrong.filter(({ fault }) => fault)).toEqual([]);
});

test(
  'whatever becomes of a real failure: no parser throws or takes long, and the visitor gets a problem without a secret',
  () => {
    const begun = performance.now();
    const worst = { ms: 0, target: '', input: 0, length: 0 };
    let executions = 0;
    let input = 0;
    const goesOn = (): boolean => (seconds > 0 ? performance.now() - begun < seconds * 1000 : input < INPUTS);
    for (; goesOn(); input++) {
      // Each input has a seed of its own, so that one alone can be made again.
      const text = makeInput(seeded(seed + input));
      for (const target of Object.keys(TARGETS)) {
        const { fault, ms } = faultOf(target, text);
        executions++;
        if (ms > worst.ms) Object.assign(worst, { ms, target, input: seed + input, length: text.length });
        if (!fault) continue;
        const found = shorter(target, text);
        if (seconds > 0) appendFileSync(FINDINGS, `${JSON.stringify({ target, text: found })}\n`);
        throw new Error(
          `${target} ${faultOf(target, found).fault ?? fault}\n  with ${JSON.stringify(found).slice(0, 2000)}\n` +
            `  again: npm run fuzz -- --seed ${seed + input} --inputs 1`,
        );
      }
    }
    const passed = (performance.now() - begun) / 1000;
    if (seconds > 0 || process.env.FUZZ_SEED) {
      process.stderr.write(
        `fuzz: ${input} inputs, ${executions} executions, ${Math.round(executions / passed)}/s, seed ${seed}; worst ` +
          `${worst.ms.toFixed(2)} ms: ${worst.target} with ${worst.length} characters (seed ${worst.input})\n`,
      );
    }
  },
  (seconds + 120) * 1000,
);
