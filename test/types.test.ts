import { createServer } from 'node:http';
import express, { type Request, type Response } from 'express';
import { Redis as IORedis } from 'ioredis';
import pino from 'pino';
import { createClient, createCluster } from 'redis';
import winston from 'winston';
import {
  type Code,
  failover,
  type GeminiGuardOptions,
  geminiGuard,
  type Policy,
  rateLimit,
  retry,
  tokenLimit,
} from '../src/index.ts';

/** These lines are checked by the compiler; they run only to be sure that they run. */
test('the types fit what people write', () => {
  const guard = geminiGuard({ log: false });
  const app = express();
  app.use(guard);
  app.use('/api', guard);
  app.get('/a', retry({ attempts: 2 }), (_req, res) => void res.send('a'));
  app.get(
    '/b',
    guard.handler(async (req, res) => void res.json({ path: req.path, body: req.body })),
  );
  app.get(
    '/c',
    guard.handler((req: Request, res: Response) => void res.send(req.ip)),
  );
  app.use(guard.errors);
  createServer(guard.handler((req, res) => void res.end(req.url)));

  const redis = [
    new IORedis({ lazyConnect: true }),
    createClient(),
    createCluster({ rootNodes: [] }),
    { client: createClient(), prefix: 'app:', outage: 'open' as const },
  ];
  for (const given of redis) void geminiGuard({ log: false, redis: given }).close();

  geminiGuard({ log: winston.createLogger({ silent: true }) });
  geminiGuard({ log: pino({ enabled: false }) });
  geminiGuard({ log: console });
  geminiGuard({ log: false, keys: ['a-key', { key: 'another-key', project: 'p', label: 'l' }] });
  rateLimit({ key: (req) => req.ip, points: () => 2 });
  rateLimit({ key: (req: Request) => req.get('x-user') });
  geminiGuard({ log: false, statusMap: { timeout: 504 }, format: (problem) => ({ oops: problem.code }) });
  geminiGuard({ log: false, enforce: false, failover: { models: ['gemini-3.5-flash-lite'] }, tokenLimit: false });
  app.get('/d', tokenLimit({ maxInputTokens: 8000 }), failover({ regions: ['eu'] }), (_req, res) => void res.end());
  guard.on('prompt', ({ tokens, limit }) => tokens - limit);
  guard.on('failover', ({ model, to, state }) => `${model} ${to} ${state}`);
  const stop: () => void = guard.on('retry', ({ waitMs, kind }) => `${kind} ${waitMs.toFixed(1)}`);
  stop();
  const code: Code = 'rate_limited';
  expect(code).toBe('rate_limited');
});

test('the types refuse what would be wrong', () => {
  // @ts-expect-error a misspelt option
  expect(() => geminiGuard({ retires: {} })).toThrow(/Did you mean `retry`/);
  // @ts-expect-error a string is no duration
  expect(() => retry({ baseMs: '5s' })).toThrow(TypeError);
  // @ts-expect-error failover must know where to
  expect(() => failover()).toThrow(TypeError);
  // @ts-expect-error no such code
  const options: GeminiGuardOptions = { statusMap: { timed_out: 504 } };
  expect(() => geminiGuard(options)).toThrow(/`statusMap` must be/);
  // @ts-expect-error a policy cannot invent a result
  const inventing: Policy = async () => 'made up';
  expect(typeof inventing).toBe('function');
});
