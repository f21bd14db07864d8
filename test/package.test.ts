import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, run } from './cli/built.ts';

// Each test starts processes, on a machine that runs other tests too.
const ROOT = join(__dirname, '..');
/** Runs a script with this package as a user's project would resolve it. */
async function node(type: 'module' | 'commonjs', script: string): Promise<string> {
  const { code, stdout, stderr } = await run([`--input-type=${type}`, '-e', script], { GEMINI_API_KEY: 'a-key' });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

beforeAll(ensureBuilt);

const PUBLIC = [
  'ALERTS',
  'CODES',
  'GeminiError',
  'KINDS',
  'bulkhead',
  'circuitBreaker',
  'compose',
  'errorNormalizer',
  'failover',
  'geminiGuard',
  'isGeminiError',
  'keys',
  'log',
  'quota',
  'rateLimit',
  'retry',
  'sendStream',
  'timeout',
  'tokenLimit',
  'understand',
  'webhook',
];

const LOOK = `
  const guard = m.geminiGuard({ log: false });
  const client = guard.client();
  console.log(JSON.stringify({
    names: Object.keys(m).sort(),
    client: client.constructor.name,
    branded: m.isGeminiError(new m.GeminiError('unknown')),
    fake: typeof testing.fakeGemini,
  }));
`;
const expected = { names: PUBLIC, client: 'GoogleGenAI', branded: true, fake: 'function' };

test('import gives every public name, and makes a client', async () => {
  const script = `import * as m from 'gemini-guard'; import * as testing from 'gemini-guard/testing'; ${LOOK}`;
  expect(JSON.parse(await node('module', script))).toEqual(expected);
});

test('require gives the same', async () => {
  const script = `const m = require('gemini-guard'); const testing = require('gemini-guard/testing'); ${LOOK}`;
  expect(JSON.parse(await node('commonjs', script))).toEqual(expected);
});

test('a guard of one copy and an error of the other know each other', async () => {
  const script = `
    import { createRequire } from 'node:module';
    import { isGeminiError } from 'gemini-guard';
    const { GeminiError } = createRequire(import.meta.url)('gemini-guard');
    console.log(isGeminiError(new GeminiError('unknown')));
  `;
  expect(await node('module', script)).toBe('true');
});

test('OpenTelemetry is not even loaded where nobody has registered an SDK, and not missed where it is absent', async () => {
  const script = `
    const { geminiGuard } = require('gemini-guard');
    const Module = require('node:module');
    const answer = () => Response.json({ candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] });
    const guard = geminiGuard({ log: false, fetch: async () => answer() });
    const url = 'https://gemini.test/v1beta/models/gemini-3.8-flash:generateContent';
    const ask = async () => (await guard.run(() => guard.fetch(url, { method: 'POST', body: '{"contents":[]}' }))).status;
    const asked = [];
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (id, ...more) => {
      if (id !== '@opentelemetry/api') return resolve(id, ...more);
      asked.push(id);
      throw Object.assign(new Error('absent'), { code: 'MODULE_NOT_FOUND' });
    };
    (async () => {
      const statuses = [await ask()];
      const before = asked.length;
      globalThis[Symbol.for('opentelemetry.js.api.1')] = {};
      statuses.push(await ask(), await ask());
      console.log(JSON.stringify({ statuses, before, after: asked.length }));
    })();
  `;
  expect(JSON.parse(await node('commonjs', script))).toEqual({ statuses: [200, 200, 200], before: 0, after: 1 });
});

const PAGE = `
  const server = createServer(statusPage(geminiGuard({ log: false }))).listen(0, async () => {
    const answer = await fetch('http://127.0.0.1:' + server.address().port + '/_gemini');
    console.log(answer.status, /<h1>[^<]*/.exec(await answer.text())[0]);
    server.close();
  });
`;
const READY = '200 <h1>Ready. Nothing has been asked yet.';

test('the status page is there in both formats, and of one it shows a guard of the other', async () => {
  const esm = `import { createServer } from 'node:http'; import { createRequire } from 'node:module';
    import { geminiGuard } from 'gemini-guard';`;
  const cjs = `const { createServer } = require('node:http'); const { geminiGuard } = require('gemini-guard');
    const { statusPage } = require('gemini-guard/status');`;
  const mixed = "const { statusPage } = createRequire(import.meta.url)('gemini-guard/status');";
  expect(await node('module', `${esm} import { statusPage } from 'gemini-guard/status'; ${PAGE}`)).toBe(READY);
  expect(await node('module', `${esm} ${mixed} ${PAGE}`)).toBe(READY);
  expect(await node('commonjs', `${cjs} ${PAGE}`)).toBe(READY);
});

test('who needs no page loads none', async () => {
  const script = `require('gemini-guard'); console.log(Object.keys(require.cache).filter((file) => /status.(?:page|index|template)/.test(file)))`;
  expect(await node('commonjs', script)).toBe('[]');
});

test('who loads it loads few files, and none of the larger modules of Node', async () => {
  const large = (what: string): string => `
    const had = new Set(process.moduleLoadList);
    ${what};
    const larger = ['crypto', 'stream', 'net', 'zlib', 'util', 'http'].map((name) => 'NativeModule ' + name);
    const loaded = process.moduleLoadList.filter((name) => !had.has(name));
    console.log(loaded.filter((name) => larger.includes(name)).join());`;
  expect(await node('module', large("await import('gemini-guard')"))).toBe('');
  expect(await node('commonjs', large("require('gemini-guard')"))).toBe('');
  const own = `require('gemini-guard'); console.log(Object.keys(require.cache).filter((file) => /dist.require/.test(file)).length)`;
  expect(Number(await node('commonjs', own))).toBeLessThanOrEqual(10);
});

test('a process that made a guard ends by itself', async () => {
  const script = `require('gemini-guard').geminiGuard(); console.log('over')`;
  expect(await node('commonjs', script)).toBe('over');
});

test('a hundred calls at once, of one request or of many, are no leak to Node', async () => {
  // In a process of its own: Jest keeps the warnings of Node to itself.
  const script = `
    const answer = () => new Response('{}', { headers: { 'content-type': 'application/json' } });
    const guard = require('gemini-guard').geminiGuard({ log: false, fetch: async () => new Promise((r) => setImmediate(r)).then(answer) });
    const many = () => Promise.all(Array.from({ length: 100 }, () => guard.fetch('https://gemini.test/v1beta/models')));
    many().then(() => guard.run(many)).then((all) => console.log(all.length));
  `;
  const { stdout, stderr } = await run(['--input-type=commonjs', '-e', script]);
  expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: '100', stderr: '' });
});

test('what is imported is declared, and the floor of Node is what the README says', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(Object.keys(manifest.dependencies)).toEqual(['opossum', 'rate-limiter-flexible', 'undici', 'winston']);
  expect(manifest.engines.node).toBe('>=20.19.0');
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('Node >= 20.19');
});
