import { type FakeGemini, type FakeGeminiOptions, fakeGemini } from '../../src/testing/index.ts';

export const MODEL = 'gemini-3.8-flash';

const running: FakeGemini[] = [];

/** A fake that the end of the test closes. */
export async function start(options?: FakeGeminiOptions): Promise<FakeGemini> {
  const gemini = await fakeGemini(options);
  running.push(gemini);
  return gemini;
}

export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((gemini) => gemini.close()));
}

interface Ask {
  key?: string | null;
  model?: string;
  op?: string;
  path?: string;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export const PROMPT: unknown = { contents: [{ role: 'user', parts: [{ text: 'What is a circuit breaker?' }] }] };

/** A bare REST call, as curl would make it. */
export function ask(gemini: FakeGemini, options: Ask = {}): Promise<Response> {
  const { key = 'key-a', model = MODEL, op = 'generateContent', body = PROMPT } = options;
  const { path = `/v1beta/models/${model}:${op}`, signal, headers } = options;
  return fetch(gemini.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== null && { 'x-goog-api-key': key }), ...headers },
    body: JSON.stringify(body),
    redirect: 'manual',
    ...(signal && { signal }),
  });
}

export function get(gemini: FakeGemini, path: string, method = 'GET'): Promise<Response> {
  return fetch(gemini.url + path, { method, headers: { 'x-goog-api-key': 'key-a' } });
}

export const SSE = 'streamGenerateContent?alt=sse';

// biome-ignore lint/suspicious/noExplicitAny: bodies are looked into freely here
export type Json = any;

export async function json(response: Response | Promise<Response>): Promise<Json> {
  return (await response).json();
}

/** The JSON of each `data:` line. */
export async function events(response: Response | Promise<Response>): Promise<Json[]> {
  const text = await (await response).text();
  return text
    .split('\r\n\r\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => JSON.parse(event.slice(6)));
}

export async function failure(promise: Promise<unknown>): Promise<Json> {
  return promise.then(
    () => undefined,
    (error) => error,
  );
}
