import {
  circuitBreaker,
  errorNormalizer,
  type GeminiGuardOptions,
  type Guard,
  geminiGuard,
  log,
  quota,
  rateLimit,
  retry,
  timeout,
} from '../../src/index.ts';
import { CANARY_KEY, CANARY_PROMPT, sdks } from '../support.ts';
import { Canary } from './canary.ts';
import { refusalOf } from './refusal.ts';

let canary: Canary;

beforeEach(() => {
  canary = new Canary();
});
afterEach(() => canary.check());

const refusal = (run: () => unknown): string => refusalOf(canary, run);

type Numbers = [part: keyof GeminiGuardOptions, option: string];

const DURATIONS: Numbers[] = [
  ['rateLimit', 'windowMs'],
  ['timeout', 'totalMs'],
  ['timeout', 'attemptMs'],
  ['timeout', 'firstByteMs'],
  ['timeout', 'idleMs'],
  ['retry', 'baseMs'],
  ['retry', 'maxMs'],
  ['quota', 'maxWaitMs'],
  ['circuitBreaker', 'windowMs'],
  ['circuitBreaker', 'openMs'],
];
const COUNTS: Numbers[] = [
  ['rateLimit', 'requests'],
  ['rateLimit', 'ipv6Subnet'],
  ['retry', 'attempts'],
  ['circuitBreaker', 'minimumCalls'],
  ['circuitBreaker', 'probes'],
  ['circuitBreaker', 'failureRatio'],
];
const BAD: unknown[] = [
  Number.POSITIVE_INFINITY,
  Number.NaN,
  -1,
  '5s',
  '5',
  null,
  {},
  [],
  true,
  () => 5,
  5n,
  Symbol('x'),
];

describe.each([...DURATIONS, ...COUNTS])('%s.%s', (part, option) => {
  test.each(BAD)('case 71: a value of %p is refused by its name', (value) => {
    const message = refusal(() => geminiGuard({ [part]: { [option]: value } }));
    expect(message).toMatch(new RegExp(`^(?:geminiGuard: )?${part}\\b.*\`${option}\` must be (?:a|an) `));
  });
});

test.each(DURATIONS)('case 71: %s.%s beyond what a timer holds is refused', (part, option) => {
  for (const value of [2 ** 31, 2 ** 32, Number.MAX_VALUE, 1e21]) {
    expect(refusal(() => geminiGuard({ [part]: { [option]: value } }))).toContain(`\`${option}\``);
  }
});

test.each([
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
])('case 71: an option called %s is refused, and pollutes nothing', (name) => {
  const given = JSON.parse(`{"${name}": {"polluted": true}}`);
  expect(refusal(() => geminiGuard(given))).toContain(`\`${name}\` is not an option`);
  expect(refusal(() => retry(given))).toContain(`\`${name}\` is not an option`);
  expect(refusal(() => geminiGuard({ statusMap: given }))).toContain('`statusMap`');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test.each([
  [{ retires: {} }, 'retires', 'retry'],
  [{ timeOut: {} }, 'timeOut', 'timeout'],
  [{ ratelimit: {} }, 'ratelimit', 'rateLimit'],
  [{ circuitBraker: {} }, 'circuitBraker', 'circuitBreaker'],
  [{ Log: false }, 'Log', 'log'],
  [{ retry: { attemps: 3 } }, 'attemps', 'attempts'],
  [{ timeout: { total: 1 } }, 'total', 'totalMs'],
  [{ rateLimit: { max: 5, window: 1000 } }, 'max', undefined],
  [{ circuitBreaker: { openms: 1 } }, 'openms', 'openMs'],
  [{ expose: false, statusmap: {} }, 'statusmap', 'statusMap'],
])('a misspelt option of %j is named with its nearest', (given, wrong, nearest) => {
  const message = refusal(() => geminiGuard(given as GeminiGuardOptions));
  expect(message).toContain(`\`${wrong}\` is not an option.`);
  if (nearest) expect(message).toContain(`Did you mean \`${nearest}\`?`);
});

test.each([
  ['geminiGuard', 5],
  ['geminiGuard', 'AI'],
  ['geminiGuard', null],
  ['geminiGuard', []],
] as const)('%s with options of a wrong type says what it wants', (_who, given) => {
  expect(refusal(() => geminiGuard(given as never))).toMatch(/^geminiGuard: options must be an object; got /);
});

const FACTORIES: [string, (options?: never) => Guard][] = [
  ['errorNormalizer', errorNormalizer],
  ['rateLimit', rateLimit],
  ['timeout', timeout],
  ['retry', retry],
  ['quota', quota],
  ['circuitBreaker', circuitBreaker],
];

test.each(FACTORIES)('%s alone checks what it takes', (name, factory) => {
  expect(refusal(() => factory(7 as never))).toMatch(new RegExp(`^${name}: options must be an object`));
  expect(refusal(() => factory({ nonsense: 1 } as never))).toMatch(
    new RegExp(`^${name}: \`nonsense\` is not an option`),
  );
});

test.each([
  [{ log: 5 }, 'log'],
  [{ log: {} }, 'log'],
  [{ log: true }, 'log'],
  [{ retry: true }, 'retry'],
  [{ rateLimit: 5 }, 'rateLimit'],
  [{ rateLimit: { key: 'ip' } }, 'key'],
  [{ expose: 'yes' }, 'expose'],
  [{ format: 'xml' }, 'format'],
  [{ typeBase: 5 }, 'typeBase'],
  [{ statusMap: { timeout: 200 } }, 'statusMap'],
  [{ statusMap: { nonsense: 500 } }, 'statusMap'],
  [{ clock: {} }, 'clock'],
  [{ random: 0.5 }, 'random'],
  [{ fetch: 'https://example.com' }, 'fetch'],
  [{ ai: {} }, 'ai'],
  [{ ai: 'client' }, 'ai'],
  [{ ai: sdks }, 'ai'],
])('an option of a wrong type in %j is refused by its name', (given, name) => {
  expect(refusal(() => geminiGuard(given as never))).toContain(name === 'log' ? 'log' : `\`${name}\``);
});

test.each([
  ['log', () => log(5 as never)],
  ['log', () => log({ info() {} } as never)],
])('%s alone wants a logger', (_name, run) => {
  expect(refusal(run)).toContain('log');
});

test('a value is never repeated, even where it is a key or a prompt in a wrong place', () => {
  const secrets = [CANARY_KEY, CANARY_PROMPT];
  for (const secret of secrets) {
    refusal(() => geminiGuard(secret as never));
    refusal(() => geminiGuard({ [secret]: true } as never));
    for (const option of ['retry', 'log', 'ai', 'format', 'statusMap', 'expose', 'fetch', 'timeout', 'keys']) {
      refusal(() => geminiGuard({ [option]: secret } as never));
    }
    refusal(() => geminiGuard({ retry: { attempts: secret } } as never));
    refusal(() => geminiGuard({ retry: { [secret]: 3 } } as never));
    refusal(() => geminiGuard({ statusMap: { [secret]: 500 } } as never));
    refusal(() => geminiGuard({ keys: [`${secret} `] }));
    refusal(() => geminiGuard({ keys: [{ [secret]: 'a' }] } as never));
    refusal(() => geminiGuard({ keys: [{ key: 'a', label: `${secret} ` }] }));
    refusal(() => geminiGuard({ keys: [secret, 5] } as never));
  }
});

test('`undefined` equals absent', () => {
  const options = { retry: undefined, log: false, timeout: { totalMs: undefined }, ai: undefined } as never;
  expect(() => geminiGuard(options)).not.toThrow();
});
