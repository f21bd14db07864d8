import express from 'express';
import request from 'supertest';
import { rateLimit } from '../../src/index.ts';
import type { LimitState, Visit } from '../../src/part.ts';
import { rateLimitPart } from '../../src/policies/rate-limit.ts';

function appWith(options: Parameters<typeof rateLimit>[0]) {
  const guard = rateLimit(options);
  const app = express().set('trust proxy', 1).use(guard);
  app.get('/', (_req, res) => void res.send('ok'));
  return { app, guard };
}

/** One caller at the door, without a server. */
function visitor(options: Parameters<typeof rateLimitPart>[0]) {
  const part = rateLimitPart(options);
  const shown: LimitState[] = [];
  const visit = {
    req: { ip: '1.2.3.4' },
    requestId: 'request-1',
    emit: () => {},
    identify: () => {},
    showLimit: (state: LimitState) => void shown.push(state),
  } as unknown as Visit;
  return { part, shown, admit: async () => part.admit?.(visit) };
}

afterEach(() => jest.restoreAllMocks());

test('each caller has its own window, and is told how much of it is left', async () => {
  const { app } = appWith({ requests: 2 });
  const ask = (ip: string) => request(app).get('/').set('X-Forwarded-For', ip);
  const first = await ask('1.2.3.4');
  expect(first.headers).toMatchObject({ 'ratelimit-policy': '"caller";q=2;w=60', ratelimit: '"caller";r=1;t=60' });
  await ask('1.2.3.4');
  const third = await ask('1.2.3.4');
  expect(third.status).toBe(429);
  expect(third.body).toMatchObject({ code: 'rate_limited', source: 'guard', retryable: true });
  expect(third.headers['retry-after']).toBe('60');
  expect(third.headers.ratelimit).toBe('"caller";r=0;t=60');
  expect((await ask('5.6.7.8')).status).toBe(200);
});

test('key says who is calling; without a usable one the address does', async () => {
  const { app } = appWith({ requests: 1, key: (req) => String(req.headers['x-user'] ?? '') });
  expect((await request(app).get('/').set('X-User', 'ann')).status).toBe(200);
  expect((await request(app).get('/').set('X-User', 'bob')).status).toBe(200);
  expect((await request(app).get('/').set('X-User', 'ann')).status).toBe(429);
  expect((await request(app).get('/')).status).toBe(200);
  expect((await request(app).get('/')).status).toBe(429);
});

test('who has no key is told apart by address, and who has neither shares one window', async () => {
  const part = rateLimitPart({ requests: 1, key: () => '' });
  const knock = async (req: object): Promise<string> => {
    const visit = { req, requestId: 'request-1', emit() {}, identify() {}, showLimit() {} } as unknown as Visit;
    return Promise.resolve(part.admit?.(visit)).then(
      () => 'in',
      (error: { kind: string }) => error.kind,
    );
  };
  expect([await knock({ ip: '1.2.3.4' }), await knock({ ip: '1.2.3.4' })]).toEqual(['in', 'guard_rate_limited']);
  expect(await knock({ socket: { remoteAddress: '5.6.7.8' } })).toBe('in');
  expect(await knock({ ip: '5.6.7.8' })).toBe('guard_rate_limited');
  expect([await knock({}), await knock({ socket: {} })]).toEqual(['in', 'guard_rate_limited']);
  part.close?.();
});

test('points weigh a request; what is no proper number counts as one', async () => {
  const { app } = appWith({ requests: 3, points: (req) => Number(req.headers['x-cost']) });
  const left = async (cost: string) => (await request(app).get('/').set('X-Cost', cost)).headers.ratelimit;
  expect(await left('2')).toContain('r=1');
  expect(await left('NaN')).toContain('r=0');
});

test.each(['2', '0', null, true, [2]])('points of %j are no number, and count as one', async (points) => {
  const { shown, admit, part } = visitor({ requests: 10, points: () => points as never });
  await admit();
  expect(shown).toMatchObject([{ remaining: 9 }]);
  part.close?.();
});

test('a caller is known by sixteen digits that tell nothing of him', async () => {
  const part = rateLimitPart({ key: (req) => String(req.headers.authorization) });
  const known: string[] = [];
  const knock = async (authorization: string) => {
    const visit = { req: { headers: { authorization } }, identify: (caller: string) => known.push(caller) };
    await part.admit?.({ ...visit, showLimit() {} } as unknown as Visit);
  };
  for (const caller of ['ann', 'bob', 'ann', 'x'.repeat(1000), 'x'.repeat(1000)]) await knock(caller);
  expect(known.filter((caller) => !/^[0-9a-f]{16}$/.test(caller))).toEqual([]);
  expect(known.map((caller) => known.indexOf(caller))).toEqual([0, 1, 0, 3, 3]);
  part.close?.();
});

test('a refused request costs nothing: a lighter one still passes, and no flood makes the wait longer', async () => {
  const { app } = appWith({ requests: 10, points: (req) => Number(req.headers['x-cost']) });
  const ask = (cost: number) => request(app).get('/').set('X-Cost', String(cost));
  expect((await ask(3)).status).toBe(200);
  for (let i = 0; i < 20; i++) {
    const refused = await ask(9);
    expect(refused.status).toBe(429);
    expect(refused.headers.ratelimit).toMatch(/r=7;t=(?:60|59)$/);
  }
  expect((await ask(7)).status).toBe(200);
  expect((await ask(1)).status).toBe(429);
});

test('a window that ends while a request is refused leaves no gift to the next', async () => {
  const { admit } = visitor({ requests: 2 });
  const now = jest.spyOn(Date, 'now').mockReturnValue(0);
  await admit();
  await admit();
  const refused = admit();
  now.mockReturnValue(60_000);
  await expect(refused).rejects.toMatchObject({ kind: 'guard_rate_limited' });
  await admit();
  await admit();
  await expect(admit()).rejects.toMatchObject({ kind: 'guard_rate_limited' });
});

test('a key or points function that throws decides nothing', async () => {
  const broken = () => {
    throw new Error('mine');
  };
  const { app } = appWith({ requests: 1, key: broken, points: broken });
  expect((await request(app).get('/')).status).toBe(200);
  expect((await request(app).get('/')).status).toBe(429);
});

test('limits of other packages stay beside ours', async () => {
  const app = express().use((_req, res, next) => {
    res.setHeader('RateLimit', '"day";r=900;t=3600');
    next();
  });
  app.use(rateLimit({ requests: 9 })).use(rateLimit({ requests: 5 }));
  app.get('/', (_req, res) => void res.send('ok'));
  const { headers } = await request(app).get('/');
  expect(headers.ratelimit).toBe('"day";r=900;t=3600, "caller";r=4;t=60');
});

test('close forgets the callers and stops their timers', async () => {
  const { app, guard } = appWith({ requests: 1 });
  await request(app).get('/');
  expect((await request(app).get('/')).status).toBe(429);
  await guard.close();
  expect((await request(app).get('/')).status).toBe(200);
});

test('after close nobody is counted, so that no timer is left', async () => {
  const { part, shown, admit } = visitor({ requests: 1 });
  const timers = jest.spyOn(globalThis, 'setTimeout');
  await admit();
  expect(timers).toHaveBeenCalledTimes(1);
  const stopped = jest.spyOn(globalThis, 'clearTimeout');
  part.close?.();
  expect(stopped).toHaveBeenCalledWith(timers.mock.results[0]?.value);
  for (let i = 0; i < 3; i++) await admit();
  expect(timers).toHaveBeenCalledTimes(1);
  expect(shown).toHaveLength(1);
});

test('windows beyond what a timer holds are refused', () => {
  expect(() => rateLimitPart({ windowMs: 30 * 86_400_000 })).toThrow(
    /`windowMs` must be a whole number from 1 to 2073600000/,
  );
});

test('on trial a caller is counted and reported, told nothing, and never turned away', async () => {
  const { app, guard } = appWith({ requests: 1, enforce: false });
  const limits: unknown[] = [];
  guard.on('limit', (data) => limits.push(data));
  for (let i = 0; i < 3; i++) {
    const { status, headers } = await request(app).get('/');
    expect([status, headers.ratelimit, headers['ratelimit-policy']]).toEqual([200, undefined, undefined]);
  }
  expect(limits).toMatchObject([{ shadow: true, retryAfterMs: expect.any(Number) }, { shadow: true }]);
  expect(guard.status().shadow).toEqual({ limit: 2 });
});
