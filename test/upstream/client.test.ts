import { GoogleGenAI } from '@google/genai';
import { GoogleGenAI as OldGenAI } from 'genai-1';
import { geminiGuard } from '../../src/index.ts';
import { createClient } from '../../src/upstream/client.ts';
import { CANARY_KEY, quickGuard } from '../support.ts';

const fetch = globalThis.fetch;
const env = { GEMINI_API_KEY: CANARY_KEY };

test('the key comes from the options, or from the environment', () => {
  expect(createClient(fetch, {}, env)).toBeInstanceOf(GoogleGenAI);
  expect(createClient(fetch, { apiKey: 'k' }, {})).toBeInstanceOf(GoogleGenAI);
  expect(createClient(fetch, {}, { GOOGLE_API_KEY: 'k' })).toBeInstanceOf(GoogleGenAI);
});

test('without a key there is one sentence that says how to give one', () => {
  const message = 'guard.client: no API key. Set GEMINI_API_KEY (or GOOGLE_API_KEY), or pass `apiKey`.';
  expect(() => createClient(fetch, {}, {})).toThrow(new TypeError(message));
});

test('Vertex needs no key', () => {
  const vertex = { vertexai: true, project: 'p', location: 'global' };
  expect(createClient(fetch, vertex, {})).toBeInstanceOf(GoogleGenAI);
});

test.each([
  [{ enterprise: true }, {}],
  [{}, { GOOGLE_GENAI_USE_VERTEXAI: 'True' }],
  [{}, { GOOGLE_GENAI_USE_VERTEXAI: '1' }],
  [{}, { GOOGLE_GENAI_USE_ENTERPRISE: 'TRUE', GOOGLE_GENAI_USE_VERTEXAI: 'false' }],
])('Vertex is recognised by %j with the environment %j', (options, env) => {
  const client = createClient(fetch, { ...options, project: 'p', location: 'global' }, env);
  expect(client.vertexai).toBe(true);
});

test.each([
  [{ vertexai: false }, { GOOGLE_GENAI_USE_VERTEXAI: 'true' }],
  [{ enterprise: false }, { GOOGLE_GENAI_USE_ENTERPRISE: 'true' }],
  [{}, { GOOGLE_GENAI_USE_ENTERPRISE: 'false', GOOGLE_GENAI_USE_VERTEXAI: 'true' }],
])('Vertex is switched off by %j with the environment %j', (options, env) => {
  expect(() => createClient(fetch, options, env)).toThrow(/no API key/);
});

test('a fetch of the user is not replaced in silence; that of a guard may be', () => {
  const mine = async () => new Response();
  const message = (who: string) =>
    `${who}: the client has a \`httpOptions.fetch\` of its own, which the guard would replace; pass it as geminiGuard({ fetch }) instead.`;
  const options = { apiKey: 'k', httpOptions: { fetch: mine } };
  const ai = new GoogleGenAI(options);
  expect(() => quickGuard({ ai })).toThrow(new TypeError(message('geminiGuard')));
  expect((ai as unknown as { apiClient: { getFetch(): unknown } }).apiClient.getFetch()).toBe(mine);
  expect(() => quickGuard().client(options)).toThrow(new TypeError(message('guard.client')));
  const guarded = quickGuard({ fetch: mine }).client({ apiKey: 'k' });
  const other = quickGuard({ ai: guarded });
  expect(other.client({ apiKey: 'k', httpOptions: { fetch: other.fetch } })).toBeInstanceOf(GoogleGenAI);
});

test('two keys in one value are told by position and length, and never printed', () => {
  const two = `${CANARY_KEY}\n${CANARY_KEY}`;
  expect(() => createClient(fetch, { apiKey: two }, {})).toThrow(
    `guard.client: \`apiKey\` must hold one key of printable characters; character ${CANARY_KEY.length + 1} of ${two.length} is not. Two keys in one value?`,
  );
  expect(() => createClient(fetch, {}, { GOOGLE_API_KEY: `${CANARY_KEY} ` })).toThrow(
    /`GOOGLE_API_KEY` must hold one key/,
  );
});

test('an existing client can be guarded; one that is too old, or no client, is refused by name', () => {
  const ai = new GoogleGenAI({ apiKey: 'k' });
  const guard = quickGuard({ ai });
  expect((ai as unknown as { apiClient: { getFetch(): unknown } }).apiClient.getFetch()).toBe(guard.fetch);
  const old = new OldGenAI({ apiKey: CANARY_KEY }) as never;
  expect(() => geminiGuard({ ai: old })).toThrow(/the @google\/genai of `ai` is too old.*since 2\.23/);
  expect(() => geminiGuard({ ai: {} as never })).toThrow(
    'geminiGuard: `ai` must be a GoogleGenAI client of @google/genai; got another object.',
  );
  expect(() => geminiGuard({ ai: 5 as never })).toThrow(
    'geminiGuard: `ai` must be a GoogleGenAI client; got a number out of range.',
  );
});

test('a client with retryOptions is warned about', () => {
  const guard = quickGuard();
  const warnings: string[] = [];
  guard.on('warning', ({ code }) => warnings.push(code));
  guard.client({ apiKey: 'k', httpOptions: { retryOptions: { attempts: 5 } } });
  guard.client({ apiKey: 'k', httpOptions: { retryOptions: { attempts: 5 } } });
  expect(warnings).toEqual(['GG_SDK_RETRIES']);
});
