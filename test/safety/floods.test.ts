import { Agent, get } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express from 'express';
import { systemClock } from '../../src/clock.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import type { Part, Visit } from '../../src/part.ts';
import { bulkheadPart } from '../../src/policies/bulkhead.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import { rateLimitPart } from '../../src/policies/rate-limit.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { compose } from '../../src/policy.ts';
import { fakeGemini, fault } from '../../src/testing/index.ts';
import { aCall } from '../a-call.ts';
import { clientOf, listen, MODEL, quickGuard } from '../support.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What the heap has grown by, in MB, when garbage is gone. */
async function heapGrowth(work: () => Promise<void>): Promise<number> {
  collect();
  const before = process.memoryUsage().heapUsed;
  await work();
  collect();
  return (process.memoryUsage().heapUsed - before) / 1e6;
}

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
}, 60_000);

test('case 42: of a hundred thousand callers and more no map grows without end', async () => {
  const part = rateLimitPart({ requests: 2 });
  const admit = (ip: string): Promise<void> =>
    part.admit?.({
      req: { ip },
      requestId: 'request-1',
      emit() {},
      identify() {},
      showLimit() {},
    } as unknown as Visit) as Promise<void>;
  const from = async (begin: number, end: number): Promise<void> => {
    for (let i = begin; i < end; i++) await admit(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  };
  const filling = await heapGrowth(() => from(0, 100_000));
  const overflowing = await heapGrowth(() => from(100_000, 150_000));
  expect(filling).toBeGreaterThan(10);
  expect(overflowing).toBeLessThan(filling / 3);
  part.close?.();
}, 60_000);

test('case 43: of a hundred thousand model names from the body no map grows without end', async () => {
  const parts: Part[] = [retryPart({ baseMs: 0 }), quotaPart(), circuitBreakerPart(), bulkheadPart()];
  const policy = compose(parts.flatMap((part) => part.policy ?? []));
  const { call, clock } = aCall();
  const failing = async (): Promise<never> => {
    throw new GeminiError('model_not_found');
  };
  const flood = async (begin: number, end: number): Promise<void> => {
    for (let i = begin; i < end; i++) await policy({ ...call, model: `model-${i}` }, failing).catch(() => {});
  };
  await flood(0, 2000);
  const growth = await heapGrowth(() => flood(2000, 100_000));
  const [retry, , breaker] = parts.map((part) => part.status?.(systemClock)) as [
    { budget: object },
    object,
    { circuits: object[] },
  ];
  expect(Object.keys(retry.budget).length).toBeLessThanOrEqual(200);
  expect(call.store.status(clock)).toHaveLength(1000);
  expect(breaker.circuits).toHaveLength(200);
  expect(growth).toBeLessThan(20);
  expect(clock.pending).toBe(0);
}, 60_000);
