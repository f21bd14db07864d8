import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Check } from '../../src/cli/doctor/check.ts';
import { endpointOf } from '../../src/cli/doctor/endpoint.ts';
import { main } from '../../src/cli/main.ts';
import { direct, readScenario } from '../../src/cli/scenario.ts';
import { fakeGemini, fault } from '../../src/testing/index.ts';
import { CANARY_KEY } from '../support.ts';
import { AUTH_KEY, redis, withFake } from './doctor-stage.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, on a terminal or not. */
async function cli(args: string[], { env = {}, stdin = '', isTTY = false } = {}): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await main(args, {
    env,
    stdin: Object.assign(Readable.from(stdin === '' ? [] : [stdin]), { isTTY }),
    stdout: {
      isTTY,
      write(text) {
        out += text;
      },
    },
    stderr: {
      write(text) {
        err += text;
      },
    },
  });
  return { code, out, err };
}

describe('on a terminal', () => {
  const text = '{"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded."}}';

  it('there are colours, unless NO_COLOR or --no-color says otherwise', async () => {
    const coloured = await cli(['explain', text], { isTTY: true });
    expect(coloured.out).toContain('\x1b[1mmodel_overloaded\x1b[22m');
    const plain = await cli(['explain', text]);
    expect(stripVTControlCharacters(coloured.out)).toBe(plain.out);
    expect((await cli(['explain', text], { isTTY: true, env: { NO_COLOR: '1' } })).out).toBe(plain.out);
    expect((await cli(['explain', '--no-color', text], { isTTY: true })).out).toBe(plain.out);
  });

  it('explain does not wait for somebody to type', async () => {
    expect(await cli(['explain'], { isTTY: true })).toMatchObject({
      code: 2,
      err: expect.stringContaining('needs a text'),
    });
  });
});

test.each([
  ['rate_limited', 'Too many requests, retry in 3s', /helps, after 3\.0 s\n/],
  ['upstream_internal', '500 INTERNAL', /helps, after 5\.0 s, 2 times at most/],
  ['upstream_timeout', '504 Deadline expired', /helps, 2 times at most/],
  ['circuit_open', 'GeminiError [circuit_open]: ...', /helps, after 5\.0 s, by the visitor/],
  [
    'invalid_request',
    '{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"Bad","details":[{"fieldViolations":[{"field":"tools[0].name"}]}]}}',
    /fields tools\[0\]\.name/,
  ],
])('%s in words', async (kind, text, words) => {
  const { out } = await cli(['explain'], { stdin: text });
  expect(out.split('\n')[0]).toBe(kind);
  expect(out).toMatch(words);
});

test('help, version, and what is none of both', async () => {
  expect((await cli(['--help'])).code).toBe(0);
  expect((await cli(['--version'])).out).toMatch(/^\d+\.\d+\.\d+(?:-rc\.\d+)?\n$/);
  expect((await cli(['dmeo'])).err).toContain('Did you mean `demo`?');
  expect((await cli(['explain', '--help'])).out).toContain('--file');
});

test('explain reads a file, a long input to its middle, and the answer of a guard', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemini-guard-main-'));
  const file = join(folder, 'error.txt');
  writeFileSync(file, '429 Too Many Requests');
  expect((await cli(['explain', '--file', file])).out).toMatch(/^rate_limited\n/);
  expect((await cli(['explain', '--file', file, 'x'])).code).toBe(2);
  expect((await cli(['explain', '--file', join(folder, 'none')])).err).toContain('(ENOENT)');
  rmSync(folder, { recursive: true });
  expect((await cli(['explain'], { stdin: `503 UNAVAILABLE ${'x'.repeat(2 ** 20)}` })).code).toBe(0);
  const problem = { type: 'urn:gemini-guard:unavailable', code: 'unavailable' };
  expect((await cli(['explain', JSON.stringify(problem)])).out).toContain('says the log of the server;');
  const odd = JSON.stringify({ ...problem, requestId: 'a b' });
  expect(JSON.parse((await cli(['explain', '--json', odd])).out)).not.toHaveProperty('requestId');
});

test.each([
  [['doctor', '--timeout', 'x']],
  [['doctor', '--model', 'a/b']],
  [['doctor', '--base-url', 'x']],
  [['doctor', 'x']],
  [[]],
  [['explain', '--token', 'x']],
  [['explain', CANARY_KEY]],
  [['?!']],
])('%j is wrong usage', async (args) => {
  expect(await cli(args)).toMatchObject({ code: 2, out: '' });
});

test.each([['doctor'], ['demo']])('%s --help', async (command) => {
  expect(await cli([command, '--help'])).toMatchObject({ code: 0, err: '' });
});

describe('the doctor', () => {
  it.each([
    ['+PONG\r\n', 'ok'],
    ['-NOAUTH x\r\n', 'failed'],
    ['-odd\r\n', 'failed'],
    ['hello', 'failed'],
  ])('of a Redis that says %j', async (reply, status) => {
    await redis(reply, async (address) => {
      const env = { GEMINI_API_KEY: AUTH_KEY, REDIS_URL: `redis://${address}` };
      const { out } = await cli(['doctor', '--json', '--base-url', 'http://127.0.0.1:1'], { env });
      expect(JSON.parse(out).checks.at(-1)).toMatchObject({ name: 'redis', status });
    });
  });

  it.each([
    ['europe-west1', 'https://europe-west1-aiplatform.googleapis.com.'],
    ['global', 'https://aiplatform.googleapis.com.'],
    [undefined, 'https://aiplatform.googleapis.com.'],
  ])('looks for Vertex AI of %s at its own address', (location, says) => {
    const env = { GOOGLE_GENAI_USE_VERTEXAI: 'true', ...(location && { GOOGLE_CLOUD_LOCATION: location }) };
    expect(endpointOf(env, undefined).check).toMatchObject({ status: 'ok', message: says });
  });

  const url = (gemini: { url: string }): string[] => ['doctor', '--base-url', gemini.url, '--timeout', '5'];

  it('prints one line a check, with colours on a terminal', async () => {
    await withFake(async (gemini) => {
      const { code, out, err } = await cli([...url(gemini), '--call'], {
        env: { GEMINI_API_KEY: AUTH_KEY },
        isTTY: true,
      });
      expect(code).toBe(0);
      expect(out).toContain('\x1b[32mok');
      expect(stripVTControlCharacters(out)).toMatch(/^ok +call +gemini-3\.8-flash answers\.$/m);
      expect(err).toMatch(/^(?:doctor: looking at .+\n)+$/);
    });
  });

  it('says of a failure its kind, cause and cure', async () => {
    await withFake(async (gemini) => {
      gemini.always(fault.suspended(), { key: CANARY_KEY });
      const { code, out } = await cli(url(gemini), { env: { GOOGLE_API_KEY: CANARY_KEY } });
      expect(code).toBe(1);
      expect(out).toMatch(
        /^failed +models\.list +403 PERMISSION_DENIED CONSUMER_SUSPENDED\n +kind: account_suspended\n +cause: .+\n +cure: .+\n +more: .+$/m,
      );
      expect(out).not.toContain(CANARY_KEY);
    });
  });

  it.each<[string, Record<string, string>, string, Partial<Check>]>([
    ['no key', {}, 'environment', { status: 'failed' }],
    ['Vertex AI by half', { GOOGLE_GENAI_USE_ENTERPRISE: '1' }, 'environment', { status: 'failed' }],
    ['an odd key', { GEMINI_API_KEY: 'odd' }, 'key', { status: 'warning' }],
    ['a legacy key', { GEMINI_API_KEY: CANARY_KEY }, 'key', { status: 'warning' }],
    ['a token', { GEMINI_API_KEY: 'ya29.x' }, 'key', { status: 'failed' }],
    ['a file', { GEMINI_API_KEY: '{\n}' }, 'key', { status: 'failed' }],
    ['quotes', { GEMINI_API_KEY: "'x'" }, 'key', { status: 'failed' }],
    ['several keys', { GEMINI_API_KEYS: `${AUTH_KEY}, a b`, GEMINI_API_KEY: 'x' }, 'key 2', { status: 'failed' }],
    ['a proxy that is used', { https_proxy: 'http://p', NODE_USE_ENV_PROXY: '1' }, 'proxy', { status: 'ok' }],
    ['a proxy that is not', { https_proxy: 'http://p' }, 'proxy', { status: 'warning' }],
    ['Redis that is none', { REDIS_URL: 'http://x' }, 'redis', { status: 'failed' }],
    ['Redis that is gone', { REDIS_URL: 'redis://u:p@127.0.0.1:1' }, 'redis', { status: 'failed' }],
  ])('%s', async (_, env, name, expected) => {
    await withFake(async (gemini) => {
      const { out } = await cli([...url(gemini), '--json'], { env });
      expect(JSON.parse(out).checks.find((check: Check) => check.name === name)).toMatchObject(expected);
    });
  });

  it.each([
    ['http://127.0.0.1:1', {}, 'tcp', 'network_error'],
    ['https://gemini.invalid', {}, 'dns', 'network_error'],
    [undefined, { GOOGLE_GEMINI_BASE_URL: 'http://user:pass@x' }, 'endpoint', undefined],
  ])('%s: %j', async (base, env, name, kind) => {
    const args = ['doctor', '--json', ...(base ? ['--base-url', base] : [])];
    const { code, out } = await cli(args, { env: { GEMINI_API_KEY: AUTH_KEY, ...env } });
    expect(code).toBe(kind ? 3 : 1);
    const found = JSON.parse(out).checks.find((check: Check) => check.name === name);
    expect([found.status, found.kind]).toEqual(['failed', kind]);
  });

  it.each([
    ['a page', fault.html200(), 3],
    ['a redirect', fault.redirect('http://x.invalid/'), 3],
    ['silence', fault.hang(), 3],
    ['a reset', fault.reset(), 3],
    ['JSON without a Date', fault.raw({ status: 403, headers: { date: 'never' }, body: '{}' }), 1],
  ])('%s', async (_, reply, exit) => {
    await withFake(async (gemini) => {
      gemini.always(reply);
      const args = ['doctor', '--base-url', gemini.url, '--timeout', '0.3'];
      expect((await cli(args, { env: { GEMINI_API_KEY: AUTH_KEY } })).code).toBe(exit);
    });
  });

  it('no TLS where https was promised', async () => {
    await withFake(async (gemini) => {
      const args = ['doctor', '--json', '--base-url', gemini.url.replace('http:', 'https:')];
      const { code, out } = await cli(args, { env: { GEMINI_API_KEY: AUTH_KEY } });
      expect(code).toBe(3);
      expect(JSON.parse(out).checks.find(({ name }: Check) => name === 'tls')).toMatchObject({ status: 'failed' });
    });
  });

  it('models that end, or cannot generate, and the tier of a 429', async () => {
    await withFake(async (gemini) => {
      gemini.always(fault.quotaZero(), { method: 'generateContent' });
      const env = { GEMINI_API_KEY: AUTH_KEY };
      expect((await cli([...url(gemini), '--model', 'gemini-2.0-flash'], { env })).out).toContain(
        'was shut down on 2026-06-01',
      );
      expect((await cli([...url(gemini), '--model', 'gemini-embedding-001'], { env })).out).toContain(
        'no generateContent',
      );
      expect((await cli([...url(gemini), '--call'], { env })).out).toContain('FreeTier, by the quota');
    });
  });

  it('Vertex AI', async () => {
    await withFake(async (gemini) => {
      const env = { GOOGLE_GENAI_USE_VERTEXAI: 'true', GOOGLE_API_KEY: AUTH_KEY };
      const { code, out } = await cli([...url(gemini), '--call'], { env });
      expect(code).toBe(0);
      expect(out).toMatch(/^ok +call/m);
    });
  });
});

test('the fake ends when it is asked to', async () => {
  const listening = process.listenerCount('SIGINT');
  const running = cli(['fake']);
  while (process.listenerCount('SIGINT') === listening) await new Promise((resolve) => setTimeout(resolve, 5));
  process.emit('SIGINT');
  expect(await running).toMatchObject({ code: 0, err: expect.stringContaining('fake: no calls.') });
  expect(process.listenerCount('SIGINT')).toBe(listening);
});

test('the fake refuses a port that is taken, one that is none, and a scenario that is none', async () => {
  const gemini = await fakeGemini();
  expect((await cli(['fake', '--port', new URL(gemini.url).port])).code).toBe(1);
  await gemini.close();
  for (const args of [['--port', 'x'], ['--scenario', '/nowhere'], ['x'], ['--scenario', __filename]]) {
    expect((await cli(['fake', ...args])).code).toBe(2);
  }
  expect((await cli(['fake', '--help'])).code).toBe(0);
});

describe('a scenario', () => {
  it('sets a fake to what it says, the first rule that fits first', async () => {
    const scenario = readScenario(
      JSON.stringify({
        text: 'Text',
        script: ['reset', { fault: 'invalidArgument', with: ['Bad', 'tools'], method: 'countTokens' }, { answer: 'A' }],
        always: [{ fault: 'htmlPage', with: 503, model: 'a' }, 'overloaded'],
      }),
    );
    expect(scenario.options).toEqual({ text: 'Text' });
    await withFake(async (gemini) => {
      direct(gemini, scenario);
      const ask = async (path: string): Promise<unknown> =>
        fetch(`${gemini.url}/v1beta/models/${path}`, {
          method: 'POST',
          headers: { 'x-goog-api-key': 'k' },
          body: '{}',
        }).then(
          ({ status }) => status,
          () => 'reset',
        );
      expect(await ask('a:generateContent')).toBe('reset');
      expect(await ask('b:countTokens')).toBe(400);
      expect(await ask('b:generateContent')).toBe(200);
      expect(await ask('a:generateContent')).toBe(503);
      expect(await ask('b:generateContent')).toBe(503);
      expect(gemini.calls.map(({ played }) => played).slice(-2)).toEqual(['htmlPage', 'overloaded']);
    }, scenario.options);
  });

  it.each([
    '{',
    '[]',
    '{"x":1}',
    '{"keys":"x"}',
    '{"script":{}}',
    '{"script":[1]}',
    '{"script":["x"]}',
    '{"script":[{}]}',
    '{"script":[{"fault":1}]}',
    '{"always":[{"answer":1}]}',
    '{"script":[{"fault":"slow","with":"x"}]}',
  ])('cannot be %s', (json) => {
    expect(() => readScenario(json)).toThrow(/^fake: /);
  });
});
