import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip, Gunzip } from 'node:zlib';
import { clean, redact } from '../../src/errors/redact.ts';
import { understand } from '../../src/index.ts';
import { type Exchange, fault, type Reply } from '../../src/testing/index.ts';
import { costMs } from '../measure.ts';
import { ManualClock } from '../support.ts';
import { endAll, start } from './stack.ts';

afterEach(endAll);

const JSON_TYPE = { 'content-type': 'application/json' };
const MB = 1024 * 1024;

/** Sends a body for as long as somebody reads it; counts what it got rid of. */
function endless(head: [number, object], piece: string, most: number): { reply: Reply; sent: () => number } {
  let sent = 0;
  const play = async (exchange: Exchange): Promise<void> => {
    exchange.open(head[0], head[1] as Record<string, string>);
    for (; sent < most; sent += piece.length) await exchange.write(piece);
    exchange.end();
  };
  return { reply: { name: 'endless', play }, sent: () => sent };
}

test.each([
  ['__proto__', '{"__proto__":{"polluted":"yes"},"reason":"A_B"}'],
  ['constructor.prototype', '{"constructor":{"prototype":{"polluted":"yes"}},"metadata":{"__proto__":{"polluted":1}}}'],
])('case 22: details with %s pollute nothing', async (_what, detail) => {
  const stack = await start({ guard: { expose: true } });
  const error = `{"code":400,"status":"INVALID_ARGUMENT","message":"bad","__proto__":{"polluted":1},"details":[${detail}]}`;
  stack.gemini.script(fault.raw({ status: 400, headers: JSON_TYPE, body: `{"error":${error}}` }));
  expect(await stack.visit('/ask')).toMatchObject({ status: 400, json: { kind: 'invalid_request' } });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect((() => {}) as unknown as Record<string, unknown>).not.toHaveProperty('polluted');
});

describe.each([10_000, 100_000])('case 23: a body %i deep', (depth) => {
  const arrays = '['.repeat(depth) + ']'.repeat(depth);
  const objects = `${'{"error":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const nested = `{"error":{"code":500,"status":"INTERNAL","message":"m","details":[${arrays}]}}`;

  test.each([
    ['arrays', arrays],
    ['objects', objects],
    ['details', nested],
  ])('case 23: of %s is normalised in 5 ms', (_of, body) => {
    expect(understand(body, { status: 500 })).toMatchObject({ status: 503 });
    expect(costMs(() => understand(body, { status: 500 }))).toBeLessThan(50);
  });

  test.each([
    ['an error of arrays', 500, arrays],
    ['an error of objects', 500, objects],
    ['an error with details', 500, nested],
    ['an answer of arrays', 200, arrays],
    ['an answer of objects', 200, objects],
  ])('case 23: as %s is answered', async (_what, status, body) => {
    const stack = await start({ guard: { retry: false } });
    stack.gemini.always(fault.raw({ status, headers: JSON_TYPE, body }));
    const visited = await stack.visit('/ask');
    expect([503, 422]).toContain(visited.status);
    expect(visited.json.code).not.toBe('internal');
    expect(visited.body).not.toContain('RangeError');
  });
});

test('case 24: of a 20 MB error body 64 KB are read, and the heap does not grow', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const stack = await start({ guard: { retry: false } });
  const piece = 'x'.repeat(64 * 1024);
  const once = async (): Promise<void> => {
    const body = endless([500, { 'content-type': 'text/html' }], piece, 20 * MB);
    stack.gemini.script(body.reply);
    expect((await stack.visit('/ask')).status).toBe(503);
    const ended = await stack.gemini.waitForAbort();
    expect(ended).toMatchObject({ status: 500, aborted: true });
    // What the buffers of two sockets hold, and not more.
    expect(body.sent()).toBeLessThan(16 * MB);
    stack.gemini.reset();
  };
  await once();
  const growths: number[] = [];
  while (growths.length < 3) {
    gc();
    const before = process.memoryUsage().heapUsed;
    await once();
    gc();
    growths.push(process.memoryUsage().heapUsed - before);
  }
  // What is kept is kept each time; whatever else the process has to do, it does once.
  expect(Math.min(...growths)).toBeLessThan(MB);
});

test('case 25: of a gzip bomb in an error 64 KB are read', async () => {
  const unpacked = jest.spyOn(Gunzip.prototype, 'push');
  const stack = await start({ guard: { retry: false } });
  const bomb = fault.gzipBomb(64 * MB);
  stack.gemini.script({ name: 'bomb', play: (exchange) => bomb.play(failing(exchange)) });
  expect((await stack.visit('/ask')).status).toBe(503);
  expect(stack.gemini.calls).toMatchObject([{ played: 'bomb' }]);
  const sizes = unpacked.mock.calls.map(([piece]) => (piece as Buffer | null)?.length ?? 0);
  unpacked.mockRestore();
  const size = sizes.reduce((sum, one) => sum + one, 0);
  expect(size).toBeGreaterThanOrEqual(MB / 16);
  // And what the stages hold between them.
  expect(size).toBeLessThan(MB);
});

/** The same exchange with status 500, whatever is sent. */
function failing(exchange: Exchange): Exchange {
  const send: Exchange['send'] = (_status, headers, body) => exchange.send(500, headers, body);
  return Object.assign(Object.create(exchange), { send });
}

test('case 25: an answer that unzips without end is given up', async () => {
  const stack = await start({ guard: { retry: false } });
  stack.gemini.script({
    name: 'endless gzip',
    async play(exchange) {
      exchange.open(200, { ...JSON_TYPE, 'content-encoding': 'gzip' });
      const zip = createGzip({ level: 1 });
      zip.pipe(exchange.response);
      const spaces = Buffer.alloc(MB, ' ');
      while (!exchange.gone) await new Promise((resolve) => zip.write(spaces, resolve));
      zip.destroy();
    },
  });
  expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { code: 'overloaded' } });
  expect(await stack.over()).toMatchObject({ kind: 'invalid_response', reason: 'TOO_LARGE' });
});

test.each([200, 500])('case 25: seven content-encodings on a %i are an ordinary failure', async (status) => {
  const stack = await start({ guard: { retry: false } });
  const headers = { ...JSON_TYPE, 'content-encoding': Array(7).fill('gzip').join(', ') };
  stack.gemini.always(fault.raw({ status, headers, body: 'x'.repeat(1000) }));
  expect((await stack.visit('/ask')).status).toBe(503);
});

test.each([
  ['an answer that hangs', fault.hangBody()],
  ['an answer of a byte a second', fault.drip({ everyMs: 1000 })],
  ['an error that hangs', { name: 'error', play: (exchange: Exchange) => exchange.open(500) }],
])('case 26: %s ends with the attempt', async (_what, reply) => {
  const clock = new ManualClock();
  const stack = await start({ guard: { clock, retry: false } });
  stack.gemini.script(reply);
  const visitor = stack.open('/ask');
  await stack.gemini.waitForCalls(1);
  clock.advance(59_999);
  expect(stack.gemini.calls[0]?.aborted).toBe(false);
  clock.advance(1);
  expect(await visitor.answer()).toMatchObject({ status: 503, json: { code: 'timeout' } });
  await stack.gemini.waitForAbort();
  expect(clock.pending).toBe(0);
});

const HOSTILE: [string, string][] = [
  ...[
    '1',
    '(',
    'key=',
    ' ',
    '1.',
    '=',
    '"',
    '\\',
    '{',
    'retry in ',
    'model ',
    'AI',
    '?key',
    '\u001b',
    '-',
    '%20',
    'token:',
  ],
  ...['file ', 'Bearer ', 'project/', 'image of ', 'a@', '<a ', 'cannot be ', 'maximum token ', 'Please retry in 1'],
].map((piece) => [JSON.stringify(piece), piece.repeat(Math.ceil(100_000 / piece.length))]);

describe.each(HOSTILE)('case 27: 100,000 characters of %s', (_name, text) => {
  test.each([
    ['understand', () => understand(text)],
    ['understand an error', () => understand(Object.assign(new Error(text), { name: 'ApiError', status: 500 }))],
    ['understand a body', () => understand(JSON.stringify({ error: { code: 400, message: text } }), { status: 400 })],
    ['redact', () => redact(text, ['a-configured-key'])],
    ['clean', () => clean(text)],
  ])('case 27: are read by %s in linear time', (_what, run) => {
    // A quadratic parser takes seconds; how fast these really are is no matter of a test.
    expect(costMs(run)).toBeLessThan(100);
  });
});
