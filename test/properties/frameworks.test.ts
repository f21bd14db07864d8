import express from 'express';
import fc from 'fast-check';
import Koa from 'koa';
import type { GeminiGuardOptions } from '../../src/index.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { CORPUS } from '../errors/corpus.ts';
import { exchangeBytes } from '../http/wire.ts';
import { CANARY_KEY, CANARY_PROMPT, clientOf, listen, ManualClock, MODEL, quickGuard } from '../support.ts';
import { googleError } from './arbitraries.ts';
import { property, same } from './property.ts';

/** What Google quotes of a prompt: a developer who has asked for it by `expose` may see it. */
const QUOTED = 'the quoted prompt';

/** Nothing that one answer could leave behind for the next. */
const ALONE: GeminiGuardOptions = { retry: false, quota: false, circuitBreaker: false, clock: new ManualClock() };
const VARIANTS: GeminiGuardOptions[] = [
  {},
  { expose: true },
  { format: 'openai' },
  { format: 'google', statusMap: { unavailable: 502 } },
  { typeBase: 'https://errors.test/', rejectBlocked: false },
];

let gemini: FakeGemini;
let urls: [ofExpress: string, ofKoa: string][];
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gemini = await fakeGemini();
  urls = await Promise.all(
    VARIANTS.map(async (variant) => {
      const guard = quickGuard({ ...ALONE, ...variant });
      const ai = clientOf(guard, gemini.url);
      const ask = () => ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT });
      const app = express().use(guard);
      app.use(async (_req, res) => void res.json({ text: (await ask()).text }));
      const koa = new Koa().on('error', () => {}).use(guard);
      koa.use(async (ctx) => {
        ctx.body = { text: (await ask()).text };
      });
      const servers = await Promise.all([listen(app), listen(koa.callback())]);
      open.push(() => guard.close({ graceMs: 0 }), ...servers.map(({ close }) => close));
      return servers.map(({ url }) => url) as [string, string];
    }),
  );
});
afterAll(async () => {
  await Promise.all(open.map((close) => close()));
  await gemini.close();
});

const body = fc.oneof(
  googleError.map((error) => JSON.stringify(error)),
  fc.constantFrom(...CORPUS.map(({ raw }) => raw)),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.constantFrom(
    `{"error":{"code":400,"message":"key ${CANARY_KEY} of ${QUOTED}","status":"INVALID_ARGUMENT"}}`,
    '{"candidates":[{"finishReason":"SAFETY"}]}',
    '{"promptFeedback":{"blockReason":"OTHER"}}',
  ),
);
const status = fc.constantFrom(200, 400, 401, 403, 404, 408, 413, 429, 499, 500, 502, 503, 504, 599);
const accept = fc.constantFrom(
  '*/*',
  'application/json',
  'text/html',
  'application/problem+json;q=0.1, application/json',
);
const contentType = fc.constantFrom('application/json; charset=UTF-8', 'text/html', 'text/event-stream');

/** All of an answer but what names the moment or the framework, its headers in any order. */
async function answerOf(url: string, method: string, headers: Record<string, string>): Promise<unknown> {
  const { head, body: sent, complete } = await exchangeBytes(url, method, headers);
  const [first, ...lines] = head.split('\n');
  const told = lines.map((line) => line.toLowerCase()).filter((line) => !/^(?:date|x-powered-by|etag):/.test(line));
  return { first, told: told.sort(), sent: sent.toString(), complete };
}

// Two servers, two clients and a fake Gemini, over sockets.
property(
  'whatever Gemini answers, Koa answers the visitor as Express does, byte for byte, and without a secret',
  [body, status, contentType, accept, fc.constantFrom('GET', 'HEAD'), fc.nat(VARIANTS.length - 1)],
  async (answer, code, type, accepted, method, variant) => {
    gemini.always(fault.raw({ status: code, headers: { 'content-type': type, 'retry-after': '7' }, body: answer }));
    const headers = { 'x-request-id': 'the-same-id', accept: accepted };
    const [ofExpress, ofKoa] = urls[variant] as [string, string];
    const [one, other] = await Promise.all([ofExpress, ofKoa].map((url) => answerOf(url, method, headers)));
    same(other, one);
    const text = JSON.stringify(one);
    same([text.includes(CANARY_KEY), !VARIANTS[variant]?.expose && text.includes(QUOTED)], [false, false]);
  },
  { share: 0.02 },
);
