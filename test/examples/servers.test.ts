import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { type Example, startExample } from './example.ts';

describe.each(['express-basic', 'one-route', 'koa'])('examples/%s', (name) => {
  let gemini: FakeGemini;
  let example: Example;

  beforeAll(async () => {
    gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
    example = await startExample(name, gemini.env());
  });

  afterAll(async () => {
    await example.stop();
    await gemini.close();
  });

  test('an answer', async () => {
    const response = await example.ask();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ text: 'Rayleigh scattering.' });
  });

  if (name === 'one-route') {
    test("an error that is not Gemini's is left to the app", async () => {
      const response = await fetch(`${example.url}/orders`);
      expect([response.status, await response.json()]).toEqual([500, { oops: true }]);
    });
  }

  if (name === 'koa') {
    test('a stream', async () => {
      const response = await fetch(`${example.url}/stream?question=Why`);
      expect(await response.text()).toMatch(/^id: .*\ndata: \{"text":"Rayleigh[\s\S]*event: done\ndata: \{\}\n\n$/);
    });
  }

  test('a refused key is a problem that tells the visitor nothing of it, and an alert for the operator', async () => {
    gemini.script(fault.suspended());
    const response = await example.ask();
    const body = await response.text();
    expect(response.status).toBe(503);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(JSON.parse(body)).toMatchObject({ code: 'unavailable', retryable: false, source: 'upstream' });
    expect(body).not.toContain(gemini.env().GEMINI_API_KEY);
    expect(example.log()).toContain('account_suspended: ');
  });

  test('a 429 that asks for more than the guard waits is a problem with Retry-After', async () => {
    gemini.script(fault.quotaPerMinute({ retryDelay: '35s' }));
    const response = await example.ask();
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('35');
    expect(await response.json()).toEqual({
      type: 'urn:gemini-guard:rate_limited',
      title: 'Too many requests',
      status: 429,
      detail: 'The AI service is busy. Please try again in 35 seconds.',
      instance: expect.stringMatching(/^urn:uuid:/),
      code: 'rate_limited',
      retryable: true,
      retryAfterMs: 35_000,
      source: 'upstream',
      requestId: response.headers.get('x-request-id'),
    });
  });
});
