import { Writable } from 'node:stream';
import type { GoogleGenAI } from '@google/genai';
import express5, { type Express, type RequestHandler } from 'express';
import { Registry } from 'prom-client';
import { createLogger, format, transports } from 'winston';
import type { AnswerEvent, EventName, GeminiGuardOptions, Guard, Logger } from '../../src/index.ts';
import { type Insight, insightOf } from '../../src/insight.ts';
import { viewOf } from '../../src/status/view.ts';
import { type FakeGemini, type FakeGeminiOptions, fakeGemini } from '../../src/testing/index.ts';
import { CANARY_PROMPT, clientOf, EVENTS, listen, MODEL, quickGuard, sdks } from '../support.ts';
import { Canary } from './canary.ts';
import { isKoa } from './hosts.ts';
import { type Ask, type Visited, Visitor } from './visitor.ts';

export interface Setting {
  express?: typeof express5;
  sdk?: (typeof sdks)[number][1];
  guard?: GeminiGuardOptions;
  fake?: FakeGeminiOptions;
  /** What stands between the guard and the standard routes. */
  routes?: (app: Express, stack: Stack) => void;
  /** What stands above the guard. */
  above?: (app: Express) => void;
  logger?: typeof winstonLines;
}

/** A real server with a guard, in front of a real fake Gemini; whatever comes out of it is watched. */
export interface Stack {
  readonly gemini: FakeGemini;
  readonly guard: Guard;
  readonly ai: GoogleGenAI;
  readonly url: string;
  readonly isKoa: boolean;
  /** Where the guard counts. */
  readonly metrics: Registry;
  readonly canary: Canary;
  /** Log lines as they were written, one string a line. */
  readonly lines: string[];
  readonly events: { name: EventName; data: unknown }[];
  open(path: string, ask?: Ask): Visitor;
  visit(path: string, ask?: Ask): Promise<Visited>;
  /** The record of the `n`th request that is over. */
  over(n?: number): Promise<AnswerEvent>;
  /** Watches an error that leaves the guard, and passes it on. */
  rethrow(error: unknown): never;
  data<E extends EventName>(name: E): unknown[];
}

const running: { stack: Stack; close: () => Promise<void> }[] = [];

/** Each test ends here: nothing secret was seen anywhere. */
export async function endAll(): Promise<void> {
  for (const { stack, close } of running.splice(0)) {
    const { canary, guard, lines, events, metrics } = stack;
    canary.see('status', JSON.stringify(guard.status()));
    canary.see('stats', JSON.stringify(guard.stats()));
    canary.see('the metrics', await metrics.metrics());
    canary.see('the page', JSON.stringify(await viewOf(insightOf(guard) as Insight)));
    await close();
    canary.print('the guard', guard);
    for (const line of lines) canary.see('a log line', line);
    for (const { name, data } of events) canary.print(`the event ${name}`, data);
    await canary.check();
  }
}

export async function start(setting: Setting = {}): Promise<Stack> {
  const { express = express5, sdk, routes, above } = setting;
  const { logger = express === express5 ? winstonLines : memoryLines } = setting;
  const gemini = await fakeGemini({ now, ...setting.fake });
  const lines: string[] = [];
  const metrics = new Registry();
  const guard = quickGuard({ log: logger(lines), metrics, ...setting.guard });
  // As a page does: what happens from now on is on it.
  insightOf(guard)?.snapshot();
  const ai = clientOf(guard, gemini.url, sdk ?? sdks[0]?.[1]);
  const canary = new Canary();
  const app = express();
  const server = await listen(app);
  const events: Stack['events'] = [];
  const visitors: Visitor[] = [];
  let wake = (): void => {};
  for (const name of EVENTS) {
    guard.on(name, (data) => {
      events.push({ name, data });
      wake();
    });
  }
  const stack: Stack = {
    gemini,
    guard,
    ai,
    url: server.url,
    isKoa: isKoa(express),
    metrics,
    canary,
    lines,
    events,
    open(path, ask) {
      const visitor = new Visitor(server.url, path, ask);
      visitors.push(visitor);
      return visitor;
    },
    visit: (path, ask) => stack.open(path, ask).answer(),
    async over(n = 1) {
      for (;;) {
        const found = stack.data('answer')[n - 1];
        if (found) return found as AnswerEvent;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    rethrow(error) {
      canary.print('a thrown error', error);
      throw error;
    },
    data: (name) => events.filter((event) => event.name === name).map(({ data }) => data),
  };
  above?.(app);
  app.use(guard);
  routes?.(app, stack);
  app.all('/ask', ask(stack));
  app.all('/stream', stream(stack));
  const close = async (): Promise<void> => {
    await server.close();
    await gemini.close();
    await guard.close({ graceMs: 0 });
    for (const { received } of visitors) canary.see('a response', received);
  };
  running.push({ stack, close });
  return stack;
}

/** Lines of a real winston logger. */
export function winstonLines(lines: string[], lineFormat: ReturnType<typeof format.json> = format.json()): Logger {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).replace(/\n$/, '').split('\n'));
      done();
    },
  });
  return createLogger({
    format: format.combine(format.timestamp(), lineFormat),
    transports: [new transports.Stream({ stream })],
  });
}

/** Lines of a logger of the simplest kind: whatever it is given is kept. */
function memoryLines(lines: string[]): Logger {
  const write = (level: string) => (message: string, record: object) =>
    lines.push(JSON.stringify({ level, message, ...record }));
  return { info: write('info'), warn: write('warn'), error: write('error') } as never;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A handler whose rejection reaches Express 4 too. */
export function route(run: (...args: Parameters<RequestHandler>) => Promise<unknown>): RequestHandler {
  return (req, res, next) => void run(req, res, next).catch(next);
}

const ask = ({ ai, rethrow }: Stack): RequestHandler =>
  route(async (req, res) => {
    const model = typeof req.query.model === 'string' ? req.query.model : MODEL;
    const { text } = await ai.models.generateContent({ model, contents: CANARY_PROMPT }).catch(rethrow);
    res.json({ text });
  });

const stream = ({ ai, rethrow }: Stack): RequestHandler =>
  route(async (_req, res) => {
    try {
      const chunks = await ai.models.generateContentStream({ model: MODEL, contents: CANARY_PROMPT });
      for await (const { text } of chunks) {
        if (!res.headersSent) res.type('text/event-stream');
        res.write(`data: ${JSON.stringify({ text })}\n\n`);
      }
      res.end('data: [DONE]\n\n');
    } catch (error) {
      rethrow(error);
    }
  });
