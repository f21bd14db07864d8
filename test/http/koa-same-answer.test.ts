import express from 'express';
import type { ErrorNormalizerOptions } from '../../src/index.ts';
import { fault, type ScriptItem } from '../../src/testing/index.ts';
import { ManualClock } from '../support.ts';
import { type KoaStageHand, koaStageHand } from './koa-stage.ts';
import { QUESTION } from './stage.ts';
import { exchangeBytes } from './wire.ts';

let hand: KoaStageHand;

beforeAll(async () => {
  hand = await koaStageHand();
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

/** An id of the visitor's own, so that even the ids are equal. */
const HEADERS = { 'x-request-id': 'the-same-id', accept: '*/*' };

type Framework = 'express' | 'koa';

/** All of the answer but what names the moment or the framework; headers in any order. */
async function answerOf(
  framework: Framework,
  wrong: ScriptItem,
  options: ErrorNormalizerOptions,
  method = 'GET',
): Promise<{ status: string | undefined; headers: string[]; body: string; complete: boolean }> {
  const { guard, ai, gemini, app, serve } = await hand.stage({ ...options, retry: false, clock: new ManualClock() });
  gemini.always(wrong);
  const ask = (): Promise<unknown> => ai.models.generateContent(QUESTION);
  const listener =
    framework === 'koa'
      ? app(guard, async (ctx) => {
          ctx.set('Access-Control-Allow-Origin', '*');
          ctx.body = await ask();
        }).callback()
      : express()
          .use(guard)
          .use(async (_req, res) => {
            res.set('Access-Control-Allow-Origin', '*');
            res.json(await ask());
          });
  const { head, body, complete } = await exchangeBytes(await serve(listener), method, HEADERS);
  const [status, ...lines] = head.split('\n');
  const headers = lines.map((line) => line.toLowerCase()).filter((line) => !/^(?:date|x-powered-by):/.test(line));
  return { status, headers: headers.sort(), body: body.toString(), complete };
}

const wrongs: [string, ScriptItem, ErrorNormalizerOptions?, string?][] = [
  ['a used-up minute', fault.quotaPerMinute({ retryDelay: '34.074824224s' })],
  ['a used-up day', fault.quotaPerDay()],
  ['an overloaded model', fault.overloaded()],
  ['an internal error', fault.internal()],
  ['a deadline of Google', fault.deadline()],
  ['an empty answer', fault.empty()],
  ['a dead key', fault.apiKeyInvalid()],
  ['a suspended account', fault.suspended()],
  ['a lack of permission', fault.permissionDenied()],
  ['an unpaid bill', fault.billing()],
  ['a retired model', fault.modelNotFound()],
  ['a malformed request', fault.invalidArgument()],
  ['too long a prompt', fault.contextTooLong()],
  ['a lost attachment', fault.resourceNotFound()],
  ['a blocked prompt', fault.blockedPrompt()],
  ['a reset connection', fault.reset()],
  ['a dead key, exposed', fault.apiKeyInvalid(), { expose: true }],
  ['an unheard-of status', fault.overloaded(), { statusMap: { overloaded: 529 } }],
  ["the shape of OpenAI's clients", fault.overloaded(), { format: 'openai' }],
  ['HEAD', fault.overloaded(), {}, 'HEAD'],
];

test.each(wrongs)('%s is answered by Koa as by Express 5', async (_what, wrong, options = {}, method = 'GET') => {
  const koa = await answerOf('koa', wrong, options, method);
  const ofExpress = await answerOf('express', wrong, options, method);
  expect(koa).toEqual(ofExpress);
  expect(koa.status).toMatch(/^HTTP\/1\.1 [45]\d\d /);
  expect(koa.headers).toContain('content-type: application/'.concat(options.format ? 'json' : 'problem+json'));
  expect(koa.complete).toBe(true);
});
