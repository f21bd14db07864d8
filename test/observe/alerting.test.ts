import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { retry, webhook } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { see } from '../canaries.ts';
import { endAll, route, start } from '../safety/stack.ts';
import { ManualClock, MODEL } from '../support.ts';

afterEach(endAll);

const alertLines = (lines: readonly string[]): string[] =>
  lines.map((line) => JSON.parse(line).message as string).filter((message) => message.startsWith('gemini-guard alert'));

test('failing requests are told once, as an event and as a line; the next good minute is told too', async () => {
  const clock = new ManualClock();
  const stack = await start({ guard: { clock, retry: false, circuitBreaker: false } });
  stack.gemini.always(fault.overloaded());
  for (let i = 0; i < 12; i++) expect((await stack.visit('/ask')).status).toBe(503);
  await stack.over(12);
  expect(stack.data('alert')).toMatchObject([{ name: 'burn_rate_fast', state: 'firing', kind: 'model_overloaded' }]);
  expect(stack.guard.status().alerts).toMatchObject({ told: 1, standing: [{ name: 'burn_rate_fast' }] });
  stack.gemini.always(null);
  clock.advance(61_000);
  expect((await stack.visit('/ask')).status).toBe(200);
  await stack.over(13);
  expect(stack.data('alert')).toMatchObject([{ state: 'firing' }, { name: 'burn_rate_fast', state: 'resolved' }]);
  expect(alertLines(stack.lines)).toEqual([
    'gemini-guard alert: burn_rate_fast',
    'gemini-guard alert resolved: burn_rate_fast',
  ]);
});

test('an open circuit is one line, its own, and one alert', async () => {
  const stack = await start({ guard: { retry: false, circuitBreaker: { minimumCalls: 1, maxWaitMs: 0 } } });
  stack.gemini.script(fault.overloaded());
  for (let i = 0; i < 3; i++) await stack.visit('/ask');
  await stack.over(3);
  expect(stack.data('alert')).toMatchObject([{ name: 'circuit_opened', model: MODEL, kind: 'circuit_open' }]);
  expect(alertLines(stack.lines)).toEqual([]);
  expect(stack.lines.filter((line) => line.includes('gemini-guard circuit open'))).toHaveLength(1);
});

test('a part on the route below tells nothing twice', async () => {
  const stack = await start({
    routes: (app, { ai, rethrow }) =>
      app.get(
        '/part',
        retry({ attempts: 1 }),
        route(async (_req, res) => {
          res.json(await ai.models.generateContent({ model: MODEL, contents: 'a' }).catch(rethrow));
        }),
      ),
  });
  stack.gemini.script(fault.apiKeyInvalid());
  expect((await stack.visit('/part')).status).toBe(503);
  await stack.over();
  expect(stack.data('alert')).toHaveLength(1);
  expect(alertLines(stack.lines)).toEqual(['gemini-guard alert: invalid_credentials']);
});

test('without alerts nothing is told, and nothing is in the status', async () => {
  const stack = await start({ guard: { alerts: false } });
  stack.gemini.script(fault.apiKeyInvalid());
  expect((await stack.visit('/ask')).status).toBe(503);
  await stack.over();
  expect(stack.data('alert')).toEqual([]);
  expect(alertLines(stack.lines)).toEqual([]);
  expect(stack.guard.status()).not.toHaveProperty('alerts');
});

test('a receiver that never answers delays no visitor and no closing, and gets no key', async () => {
  const received: Promise<string>[] = [];
  const server = createServer((req: IncomingMessage) => received.push(text(req))).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
  const onAlert = webhook({ url, secret: 'a secret of the shop' });
  const stack = await start({ guard: { alerts: { onAlert } } });
  stack.gemini.script(fault.suspended());
  expect((await stack.visit('/ask')).status).toBe(503);
  expect((await stack.visit('/ask')).status).toBe(200);
  while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  see('a webhook', (await received[0]) as string);
  expect(stack.guard.status().alerts).toMatchObject({ hooks: [{ waiting: 1, delivered: 0 }] });
  expect(JSON.stringify(stack.guard.status())).not.toContain('secret-path');
  await stack.guard.close();
  expect(onAlert.status()).toMatchObject({ waiting: 0, dropped: 1 });
  // Ends once no socket is left.
  await new Promise((resolve) => server.close(resolve));
});
