import { costMs } from '../measure.ts';
import { type Attack, attacksOn } from './attacks.ts';
import { patternsOfSources } from './patterns.ts';

/** All attacks: `FUZZ_SECONDS` is set by npm run fuzz. */
const isThorough = process.env.FUZZ_SECONDS !== undefined;

/** Each four times as long as the one before: what is linear takes four times as long, what is quadratic sixteen times. */
const LENGTHS = [1000, 4000, 16_000, 64_000];
/** What takes less for a short text is not looked at again. */
const SHORT = 4000;
const NOTICED_MS = 0.5;
/** Of 64 KB, on a machine that does other things too. What is quadratic takes a second and more. */
const MOST_MS = 150;

function textOf({ prefix, pump, suffix }: Attack, length: number): string {
  return prefix + pump.repeat(Math.ceil(length / pump.length)) + suffix;
}

/** The best of some tries to find all matches in a text. */
function msOf(pattern: RegExp, text: string, tries: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    best = Math.min(
      best,
      costMs(() => text.replace(pattern, ''), 1),
    );
    if (best < NOTICED_MS || (i > 1 && best > 2 * MOST_MS)) break;
  }
  return best;
}

/** How a pattern takes an attack that grows; undefined where it takes no notice of it. */
function weakness(pattern: RegExp, attack: Attack): string | undefined {
  if (msOf(pattern, textOf(attack, SHORT), 3) < NOTICED_MS) return undefined;
  const took: number[] = [];
  for (const length of LENGTHS) {
    took.push(msOf(pattern, textOf(attack, length), 8));
    const [now = 0, before = 0, first = 0] = [...took].reverse();
    if (now > MOST_MS || (first > NOTICED_MS && before > 10 * first && now > 10 * before)) {
      return `${JSON.stringify(attack)}: ${took.map((ms) => ms.toFixed(1)).join(', ')} ms for ${LENGTHS.join(', ')} characters`;
    }
  }
  return undefined;
}

/** The first weakness that is found, if there is one. */
function firstWeakness(pattern: RegExp): string | undefined {
  for (const attack of attacksOn(pattern, isThorough)) {
    const found = weakness(pattern, attack);
    if (found !== undefined) return found;
  }
  return undefined;
}

const patterns = patternsOfSources();

test('all patterns of the sources are found, those too that are made of pieces', () => {
  expect(patterns.length).toBeGreaterThan(200);
  expect(patterns.filter(({ file }) => file === 'errors/texts.ts').length).toBeGreaterThan(25);
  expect(
    patterns.some(({ pattern }) => pattern.source.includes('debug|info') && pattern.source.includes('DEBUG|INFO')),
  ).toBe(true);
});

test.each([/\s+$/, /a[^b]*x/, /%.*$/])('%s, which goes back and forth, is noticed', (pattern) => {
  expect(firstWeakness(pattern)).toBeDefined();
});

test('no pattern takes more than linear time, whatever it is fed with', () => {
  const weak = patterns.flatMap(({ file, pattern }) => {
    const found = firstWeakness(pattern);
    return found === undefined ? [] : [`${file}: ${pattern}\n  ${found}`];
  });
  expect(weak).toEqual([]);
}, 600_000);
