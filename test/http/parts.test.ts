import type { Express, RequestHandler } from 'express';
import {
  circuitBreaker,
  errorNormalizer,
  type Guard,
  log,
  type Problem,
  quota,
  rateLimit,
  retry,
  timeout,
} from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, frameworks, listen, MODEL, memoryLogger } from '../support.ts';
import { QUESTION } from './stage.ts';

let gemini: FakeGemini;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => gemini.reset());
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});
afterAll(() => gemini.close());

describe.each(frameworks)('a part alone above a route of %s', (_name, express) => {
  /** An app whose only route stands beneath the part and calls through it. */
  async function serve(part: Guard): Promise<() => Promise<{ response: Response; body: Problem }>> {
    const ai = clientOf(part, gemini.url);
    const ask: RequestHandler = (_req, res, next) =>
      void ai.models.generateContent(QUESTION).then(({ text }) => res.json({ text }), next);
    const app: Express = express();
    app.get('/', part, ask);
    const { url, close } = await listen(app);
    open.push(close, () => part.close());
    return async () => {
      const response = await fetch(url);
      return { response, body: (await response.json()) as Problem };
    };
  }

  test('retry() repeats', async () => {
    gemini.script([fault.overloaded(), answer('Fine.')]);
    const get = await serve(retry({ attempts: 2, baseMs: 1 }));
    expect((await get()).body).toEqual({ text: 'Fine.' });
    expect(gemini.calls).toHaveLength(2);
  });

  test('timeout() ends what takes too long, upstream too', async () => {
    gemini.always(fault.hang());
    const get = await serve(timeout({ totalMs: 50 }));
    const { response, body } = await get();
    expect([response.status, body]).toMatchObject([503, { code: 'timeout' }]);
    expect((await gemini.waitForAbort()).aborted).toBe(true);
  });

  test('circuitBreaker() stops calling a model that is down', async () => {
    gemini.always(fault.overloaded());
    const get = await serve(circuitBreaker({ minimumCalls: 2, maxWaitMs: 0 }));
    await get();
    await get();
    const { response, body } = await get();
    expect([response.status, body]).toMatchObject([503, { code: 'overloaded', source: 'guard' }]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(gemini.calls).toHaveLength(2);
  });

  test('quota() keeps the next call from a quota that is known to be used up', async () => {
    gemini.always(fault.quotaPerMinute({ retryDelay: '45s' }));
    const get = await serve(quota());
    expect((await get()).body).toMatchObject({ code: 'rate_limited', source: 'upstream' });
    const { response, body } = await get();
    expect([response.status, body]).toMatchObject([429, { code: 'rate_limited', source: 'guard' }]);
    expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(45);
    expect(gemini.calls).toHaveLength(1);
  });

  test('rateLimit() turns the visitor away before the handler runs, and tells the limit', async () => {
    const get = await serve(rateLimit({ requests: 1, windowMs: 60_000 }));
    const first = await get();
    expect(first.response.headers.get('ratelimit-policy')).toBe('"caller";q=1;w=60');
    expect(first.response.headers.get('ratelimit')).toBe('"caller";r=0;t=60');
    const { response, body } = await get();
    expect([response.status, body]).toMatchObject([429, { code: 'rate_limited', source: 'guard', retryable: true }]);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(Number(response.headers.get('retry-after'))).toBe(Math.ceil((body.retryAfterMs as number) / 1000));
    expect(gemini.calls).toHaveLength(1);
  });

  test('log() writes a line', async () => {
    const { lines, logger } = memoryLogger();
    const get = await serve(log(logger));
    await get();
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', code: 'ok', status: 200, route: 'GET /', model: MODEL, attempts: 1 }),
    ]);
  });

  test('errorNormalizer() answers failures in its form', async () => {
    gemini.script(fault.modelNotFound());
    const get = await serve(errorNormalizer({ expose: true }));
    const { response, body } = await get();
    expect([response.status, body]).toMatchObject([503, { code: 'unavailable', kind: 'model_not_found' }]);
  });
});

test('rateLimit() shows its limit beside that of another limiter, and only its last one', async () => {
  const [, express] = frameworks[0] as (typeof frameworks)[number];
  const foreign: RequestHandler = (_req, res, next) => {
    res.set('RateLimit-Policy', '"other";q=9;w=1');
    next();
  };
  const app = express()
    .use(foreign)
    .use(rateLimit({ requests: 100 }));
  app.get('/', rateLimit({ requests: 5, windowMs: 1000 }), (_req, res) => void res.end());
  const { url, close } = await listen(app);
  open.push(close);
  const { headers } = await fetch(url);
  expect(headers.get('ratelimit-policy')).toBe('"other";q=9;w=1, "caller";q=5;w=1');
  expect(headers.get('ratelimit')).toBe('"caller";r=4;t=1');
});
