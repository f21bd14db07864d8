import { labelOf } from '../../src/api-key.ts';
import { modelIn, readHead, withBody } from '../../src/upstream/request.ts';

const readRequest = (...args: [string | URL | Request, RequestInit?]) => withBody(readHead(...args), ...args);

const url = 'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent';

test('a URL with an init is read as it is', async () => {
  const signal = new AbortController().signal;
  const request = await readRequest(new URL(url), {
    method: 'post',
    headers: { 'x-goog-api-key': 'k' },
    body: '{}',
    signal,
  });
  expect(request).toMatchObject({
    url,
    verb: 'POST',
    body: '{}',
    spent: false,
    secret: 'k',
    signal,
    identity: undefined,
  });
});

test('a Request is read whole, so that it can be sent again, and is known again', async () => {
  const make = (body: string) => new Request(url, { method: 'POST', headers: { authorization: 'Bearer t' }, body });
  const request = await readRequest(make('{"a":1}'));
  expect(request).toMatchObject({ url, verb: 'POST', spent: false, secret: 't' });
  expect(new TextDecoder().decode(request.body as ArrayBuffer)).toBe('{"a":1}');
  expect((await readRequest(make('{"a":1}'))).identity).toBe(request.identity);
  expect((await readRequest(make('{"a":2}'))).identity).not.toBe(request.identity);
  expect((await readRequest(new Request(url))).verb).toBe('GET');
});

test('a key in the URL moves to the header, where no log keeps it', async () => {
  const request = await readRequest(`${url}?key=secret-1&alt=sse`);
  expect(request.url).toBe(`${url}?alt=sse`);
  expect(request.headers.get('x-goog-api-key')).toBe('secret-1');
  const both = await readRequest(`${url}?key=secret-1`, { headers: { 'x-goog-api-key': 'secret-2' } });
  expect(both).toMatchObject({ url, secret: 'secret-2' });
});

test('a body that is a stream can be sent once', async () => {
  expect((await readRequest(url, { method: 'POST', body: new Blob(['x']).stream() })).spent).toBe(true);
  expect((await readRequest(url, { method: 'POST', body: new Blob(['x']) })).spent).toBe(false);
});

test('a label tells nothing of the key, and stays the same', () => {
  const label = labelOf('secret-1');
  expect(label).toMatch(/^[\da-f]{8}$/);
  for (let i = 0; i < 1100; i++) labelOf(`other-${i}`);
  expect(labelOf('secret-1')).toBe(label);
});

test.each([
  ['{"model":"gemini-3.8-flash","messages":[]}', 'gemini-3.8-flash'],
  ['{ "input": "a", "model" : "models/gemini-3.8-flash" }', 'gemini-3.8-flash'],
  [new TextEncoder().encode('{"model":"google/gemini-3.8-flash"}').buffer, 'gemini-3.8-flash'],
  ['{"input":"say \\"model\\":\\"x\\""}', ''],
  ['{"model":"../x"}', ''],
  [undefined, ''],
])('a model that stands in the body is found: %p', (body, model) => {
  expect(modelIn(body)).toBe(model);
});
