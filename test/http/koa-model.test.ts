import { fault } from '../../src/testing/index.ts';
import { MODEL } from '../support.ts';
import { type KoaStageHand, koaStageHand, type Layer } from './koa-stage.ts';

const OTHER = 'gemini-3.5-flash-lite';
const failover = { models: [OTHER] };

let hand: KoaStageHand;

beforeAll(async () => {
  hand = await koaStageHand();
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

const cors: Layer = (ctx, next) => {
  ctx.set('Access-Control-Allow-Origin', '*');
  return next();
};

test.each([true, false])('in Koa the answer names the model that was called, where expose is %s', async (expose) => {
  const stage = await hand.stage({ expose, failover });
  stage.gemini.reset();
  stage.gemini.always(fault.overloaded(), { model: MODEL });
  const url = await stage.serve(stage.app(cors, stage.guard, stage.ask).callback());
  const answered = await fetch(url);
  stage.gemini.always(fault.apiKeyInvalid());
  const failed = await fetch(url);
  expect([answered.status, failed.status]).toEqual([200, 503]);
  for (const { headers } of [answered, failed]) {
    expect(headers.get('x-gemini-guard-model')).toBe(expose ? OTHER : null);
    expect(/X-Gemini-Guard-Model/.test(headers.get('access-control-expose-headers') ?? '')).toBe(expose);
  }
  expect(stage.answers).toMatchObject([
    { code: 'ok', model: OTHER, requestedModel: MODEL },
    { code: 'unavailable', model: OTHER, requestedModel: MODEL },
  ]);
});

test('in Koa a prompt that is too long is a 413, and on trial an answer', async () => {
  const tokenLimit = { maxInputTokens: 1 };
  for (const [enforce, status] of [
    [true, 413],
    [false, 200],
  ] as const) {
    const stage = await hand.stage({ enforce, tokenLimit });
    stage.gemini.reset();
    expect((await stage.get(stage.app(stage.guard, stage.ask))).status).toBe(status);
    expect(stage.answers).toMatchObject([enforce ? { code: 'input_too_long' } : { code: 'ok', shadow: ['prompt'] }]);
  }
});
