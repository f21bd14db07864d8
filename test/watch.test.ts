import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CANARY_KEY, CANARY_PROMPT, formsOf, leaks } from './canaries.ts';
import { listen } from './support.ts';

/** What was seen so far, taken away: this test alone may leak. */
const seen = (): string[] => leaks.splice(0);

async function answered(path: string, ...chunks: string[]): Promise<void> {
  const { url, close } = await listen(async (_req, res) => {
    for (const chunk of chunks) {
      res.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    res.end();
  });
  await text((await once(get(url + path), 'response'))[0]);
  await close();
}

test.each(
  [CANARY_KEY, CANARY_PROMPT].flatMap(formsOf).map((form, i) => [i, form]),
)('a canary in its form %i is seen in a response', async (_i, form) => {
  await answered('/ask', `{"text":"${form}"}`);
  expect(seen()).not.toEqual([]);
});

test('it is seen in a header, and where a chunk has cut it in two', async () => {
  const { url, close } = await listen((_req, res) => res.setHeader('x-key', CANARY_KEY).end());
  await text((await once(get(url), 'response'))[0]);
  await close();
  expect(seen()).not.toEqual([]);
  await answered('/ask', CANARY_KEY.slice(0, 20), CANARY_KEY.slice(20));
  expect(seen()).not.toEqual([]);
});

test('it is seen in what is written to a stream, not in what passes through one', () => {
  new Writable({ write: (_chunk, _encoding, done) => done() }).write(`{"key":"${CANARY_KEY}"}`);
  expect(seen()).toHaveLength(1);
  new PassThrough().write(CANARY_KEY);
  expect(seen()).toEqual([]);
});

test("who plays Google's part may say it", async () => {
  await answered('/v1beta/models/m:generateContent', CANARY_KEY);
  expect(seen()).toEqual([]);
});

test('a clean answer is clean', async () => {
  const server = createServer();
  expect(server.listenerCount('request')).toBe(0);
  await answered('/ask', '{"text":"Rayleigh scattering."}');
  expect(seen()).toEqual([]);
});
