import { isProblem, ProblemError, problemFrom, retryAfterMs, toProblem } from '../../src/frontend/index.ts';
import { aProblem, failed, GENERIC } from './a-problem.ts';

const bad = (): never => {
  throw new Error('P-CANARY');
};
const throwing = new Proxy(
  {},
  { get: bad, has: bad, ownKeys: bad, getPrototypeOf: bad, getOwnPropertyDescriptor: bad },
);
const endless: object = new Proxy({}, { get: (_, name) => (typeof name === 'string' ? endless : undefined) });
const text: object = new Proxy({}, { get: () => '{"error":{"message":"{}"}}' });
const revoked = Proxy.revocable([], {});
revoked.revoke();
const cyclic: Record<string, unknown> = {};
Object.assign(cyclic, { error: cyclic, data: cyclic, cause: cyclic, problem: [cyclic] });
const deep = (open: string, close: string): string => open.repeat(100_000) + close.repeat(100_000);
const getter = (name: string): object => Object.defineProperty({ ...aProblem() }, name, { get: bad });

const HOSTILE: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 429],
  ['a symbol', Symbol('x')],
  ['a bigint', 10n],
  ['a function', () => aProblem()],
  ['an empty text', ''],
  ['a quote', '"'],
  ['half a JSON', '{"code":"rate_limited",'],
  ['a text of 20 MB', '{'.repeat(2e7)],
  ['deep lists', deep('[', ']')],
  ['deep objects', deep('{"error":', '}')],
  ['a list of lists', [[[[]]]]],
  ['a getter of code', getter('code')],
  ['a getter of detail', getter('detail')],
  ['a getter of retryAfterMs', getter('retryAfterMs')],
  ['a getter of message', Object.defineProperty(new Error(), 'message', { get: bad })],
  ['a Proxy that throws', throwing],
  ['a Proxy without end', endless],
  ['a Proxy of texts', text],
  ['a revoked Proxy', revoked.proxy],
  ['a problem that is a revoked Proxy', { error: revoked.proxy }],
  ['a circle', cyclic],
  ['__proto__ in JSON', '{"__proto__":{"code":"rate_limited","detail":"x","retryable":true}}'],
  ['constructor in JSON', '{"constructor":{"prototype":{"code":"rate_limited","retryable":true}}}'],
  ['details that are no list', { error: { details: { length: 5 } } }],
  ['details that throw', { error: { details: [throwing] } }],
  ['a code that is a symbol', { error: { code: Symbol('429') } }],
  ['a code that throws', { error: { code: { toString: bad } } }],
  ['a reason that is no text', { error: { details: [{ reason: Object.create(null) }] } }],
  ['a name of all objects', { name: 'constructor', code: 'toString' }],
];

describe.each(HOSTILE)('case 72: %s', (_, value) => {
  it('is internal, and no problem', () => {
    const problem = toProblem(value);
    expect(problem).toMatchObject({ code: 'internal', status: 500, retryable: false, detail: GENERIC });
    expect(isProblem(problem)).toBe(true);
    expect(isProblem(value)).toBe(false);
    expect(JSON.stringify(problem)).not.toContain('CANARY');
  });

  it('names no wait, and is no ProblemError', () => {
    expect(retryAfterMs(value as never)).toBeUndefined();
    expect(retryAfterMs({}, value)).toBeUndefined();
    expect(ProblemError.is(value)).toBe(false);
  });

  it('as a body is what its status says', async () => {
    const body = typeof value === 'string' ? value : '{"error":';
    expect(await problemFrom(failed(body, { status: 503 }))).toMatchObject({ code: 'overloaded', detail: GENERIC });
  });
});

test('prototypes are left alone', () => {
  toProblem('{"__proto__":{"polluted":1},"error":{"details":[{"__proto__":{"polluted":1}}],"code":503}}');
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test('a problem is a copy of the members that are known', () => {
  const given = { ...aProblem(), evil: '<script>', __proto__: null };
  const problem = toProblem(given);
  expect(problem).not.toBe(given);
  expect(Object.keys(problem).sort()).toEqual(Object.keys(aProblem()).sort());
});
