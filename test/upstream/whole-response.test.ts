import { WholeResponse } from '../../src/upstream/whole-response.ts';

const original = () =>
  new Response('', {
    status: 201,
    statusText: 'Made',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': '3', 'x-a': 'b' },
  });
const whole = (text = '{"a":"\u00e9"}') => new WholeResponse(text, original());

test('it is a Response with the head of the original, and says nothing of an encoding that is undone', () => {
  const response = whole();
  expect(response).toBeInstanceOf(Response);
  expect(response).toMatchObject({ ok: true, status: 201, statusText: 'Made', bodyUsed: false });
  expect([...response.headers]).toEqual([
    ['content-type', 'application/json'],
    ['x-a', 'b'],
  ]);
  expect(response.url).toBe('');
});

test('every reader gives the same body, once', async () => {
  const bytes = new TextEncoder().encode('{"a":"\u00e9"}');
  expect(await whole().text()).toBe('{"a":"\u00e9"}');
  expect(await whole().json()).toEqual({ a: '\u00e9' });
  expect(new Uint8Array(await whole().arrayBuffer())).toEqual(bytes);
  expect(await whole().bytes()).toEqual(bytes);
  const blob = await whole().blob();
  expect([blob.type, await blob.text()]).toEqual(['application/json', '{"a":"\u00e9"}']);
  const form = new WholeResponse(
    'a=b',
    new Response(null, { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
  );
  expect((await form.formData()).get('a')).toBe('b');
  const read = whole();
  await read.json();
  expect(read.bodyUsed).toBe(true);
  expect(read.body).toBeNull();
  await expect(read.text()).rejects.toThrow(TypeError);
  expect(() => read.clone()).toThrow(TypeError);
  await expect(whole('not json').json()).rejects.toThrow(SyntaxError);
});

test('as a stream it is read once as well', async () => {
  const response = whole();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  expect(response.body).toBe(response.body);
  await expect(response.text()).rejects.toThrow(TypeError);
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('{"a":"\u00e9"}');
  expect(response.bodyUsed).toBe(true);
});

test('a clone is read apart', async () => {
  const response = whole();
  const copy = response.clone();
  expect(await response.json()).toEqual(await copy.json());
  expect(copy.status).toBe(201);
});
