import type { ServerResponse } from 'node:http';
import type { Problem } from '../../src/index.ts';
import { answer } from '../../src/testing/index.ts';
import { quickGuard } from '../support.ts';
import { type Handler, type Host, hosts } from './hosts.ts';
import { expectProblem, QUESTION, type Stage, type StageHand, stageHand } from './stage.ts';

type Reply = { text?: string };

let hand: StageHand;
let stage: Stage;

beforeAll(async () => {
  hand = await stageHand();
});
beforeEach(async () => {
  stage = await hand.stage(undefined as never, false);
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

/** A wrapped handler, asked once. */
async function ask(host: Host, fn: Handler, passed?: unknown[]): Promise<Response> {
  return fetch(await stage.serve(host.mount(stage.guard.handler(fn), passed)));
}

const send = (res: ServerResponse, reply: Reply): void => void res.end(JSON.stringify(reply));

describe.each(hosts.map((host) => [host.name, host] as const))('guard.handler on %s', (_name, host) => {
  test('a sync handler answers', async () => {
    const response = await ask(host, (_req: unknown, res: ServerResponse) => send(res, { text: 'Hi' }));
    expect([response.status, await response.json()]).toEqual([200, { text: 'Hi' }]);
  });

  test('an async handler answers what the model said', async () => {
    stage.gemini.script(answer('Fine.'));
    const response = await ask(host, async (_req: unknown, res: ServerResponse) => {
      const { text = '' } = await stage.ai.models.generateContent(QUESTION);
      send(res, { text });
    });
    expect([response.status, await response.json()]).toEqual([200, { text: 'Fine.' }]);
    expect(stage.answers[0]).toMatchObject({ code: 'ok', attempts: 1 });
  });

  test('a guarded call that is refused is answered', async () => {
    await expectProblem(await ask(host, () => stage.ai.models.generateContent(QUESTION)));
    expect(stage.answers[0]).toMatchObject({ code: 'rate_limited', status: 429, attempts: 1 });
  });

  test('a raw ApiError is answered, whether thrown, rejected or passed to next, even frozen', async () => {
    const raw = Object.freeze(Object.assign(Object.create(stage.raw), { message: stage.raw.message }));
    const throws = (): never => {
      throw raw;
    };
    await expectProblem(await ask(host, throws));
    await expectProblem(await ask(host, async () => throws()));
    await expectProblem(await ask(host, (_req: unknown, _res: unknown, next: (error: unknown) => void) => next(raw)));
  });

  test("the app's own error is passed on untouched; where nobody is behind, its text is kept back", async () => {
    const passed: unknown[] = [];
    const mine = Object.freeze(new RangeError('the password is swordfish'));
    const response = await ask(host, () => Promise.reject(mine), passed);
    const text = await response.text();
    expect(text).not.toContain('swordfish');
    if (host.passesOn) {
      expect(passed).toEqual([mine]);
      expect(passed[0]).toBe(mine);
      expect([response.status, text]).toEqual([599, 'the host']);
    } else {
      const problem = JSON.parse(text) as Problem;
      expect(problem).toMatchObject({ status: 500, code: 'internal', source: 'caller', retryable: false });
      expect(response.headers.get('x-should-retry')).toBe('false');
    }
    expect(stage.answers[0]).toMatchObject({ code: host.passesOn ? 'app_error' : 'internal', attempts: 0 });
  });

  test('who answers and then throws has answered', async () => {
    const response = await ask(host, async (_req: unknown, res: ServerResponse) => {
      send(res, { text: 'first' });
      await stage.ai.models.generateContent(QUESTION);
    });
    expect([response.status, await response.json()]).toEqual([200, { text: 'first' }]);
    expect(stage.answers[0]).toMatchObject({ code: 'ok', status: 200 });
  });

  test('who answers twice has answered once', async () => {
    const response = await ask(host, (_req: unknown, res: ServerResponse) => {
      send(res, { text: 'first' });
      send(res, { text: 'second' });
    });
    expect([response.status, await response.json()]).toEqual([200, { text: 'first' }]);
    expect(stage.guard.status().late).toBe(1);
  });

  test('an error passed on twice is answered once', async () => {
    const fails = async (_req: unknown, _res: unknown, next: (error: unknown) => void) => {
      next(stage.raw);
      throw stage.raw;
    };
    await expectProblem(await ask(host, fails));
    expect(stage.guard.status()).toMatchObject({ requests: 1, late: 1 });
  });

  test.each([undefined, null])('next(%s) goes on, to nobody on plain node:http', async (nothing) => {
    const response = await ask(host, (_req: unknown, _res: unknown, next: (error: unknown) => void) => next(nothing));
    expect(response.status).toBe(404);
  });

  test('without an errorNormalizer a failure still gets its status', async () => {
    const guard = quickGuard({ errorNormalizer: false, fetch: () => Promise.reject(stage.raw) });
    const handler = guard.handler(() => guard.fetch('https://generativelanguage.googleapis.com/v1beta/models'));
    const response = await fetch(await stage.serve(host.mount(handler)));
    expect(response.status).toBe(host.name === 'connect' ? 599 : 429);
    await guard.close();
  });
});
