import { Agent, get } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { fakeGemini, fault } from '../../src/testing/index.ts';
import { ensureBuilt, run } from '../cli/built.ts';
import { clientOf, listen, MODEL, quickGuard } from '../support.ts';

test('case 41: of ten thousand streams those beyond the places are turned away at once, with a time', async () => {
  const gemini = await fakeGemini();
  gemini.always(fault.streamStallAfter(1));
  // However long ten thousand take: a stream that is held must not end by a time-out.
  const guard = quickGuard({ bulkhead: { concurrency: 20, queue: 10 }, timeout: false });
  const ai = clientOf(guard, gemini.url);
  const app = express().use(guard);
  app.get('/', async (_req, res) => {
    res.type('text/event-stream');
    for await (const { text } of await ai.models.generateContentStream({ model: MODEL, contents: 'hi' })) {
      res.write(`data: ${JSON.stringify({ text })}\n\n`);
    }
  });
  const server = await listen(app);
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const seen: Record<string, number> = {};
  const waits = new Set<string | undefined>();
  const visit = (): Promise<void> =>
    new Promise((resolve) => {
      get(server.url, { agent }, (res) => {
        const status = String(res.statusCode);
        seen[status] = (seen[status] ?? 0) + 1;
        if (status === '503') waits.add(res.headers['retry-after']);
        res
          .on('error', () => {})
          .resume()
          .on('close', resolve);
        // A stream is held for as long as the flood lasts.
        if (status === '200') resolve();
      }).on('error', () => resolve());
    });
  let left = 10_000;
  let waiting = 0;
  const crowd = Array.from({ length: 100 }, async () => {
    while (left-- > 0) {
      waiting++;
      await visit();
      waiting--;
    }
  });
  // Those who stand in the queue wait until the end.
  while (left > 0 || waiting > 10) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(seen).toEqual({ '200': 20, '503': 9970 });
  expect([...waits]).toEqual(['1']);
  expect(guard.status().parts.bulkhead).toEqual({ running: 20, waiting: 10 });
  agent.destroy();
  await server.close();
  await Promise.all(crowd);
  await guard.close({ graceMs: 0 });
  await gemini.close();
});

/** What became of a process that was flooded. */
async function flooded(by: 'callers' | 'models'): Promise<Record<string, number>> {
  await ensureBuilt();
  const { code, stdout, stderr } = await run(['--expose-gc', join(__dirname, 'flooded.mjs'), by]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('case 42: of a hundred thousand callers and more no map grows without end', async () => {
  const { filled, after, left } = await flooded('callers');
  expect(filled).toBeGreaterThan(20);
  expect(after).toBeLessThan(3);
  expect(left).toBeLessThan(3);
});

test('case 43: of a hundred thousand model names from the body no map grows without end', async () => {
  const { after, ...kept } = await flooded('models');
  expect(kept).toEqual({ budgets: 200, ledgers: 1000, circuits: 200, timers: 0 });
  expect(after).toBeLessThan(3);
});
