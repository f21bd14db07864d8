import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as genai2 from '@google/genai';
import express5 from 'express';
import * as genai3 from 'genai-3';
import type { Clock } from '../src/clock.ts';
import { type EventName, type GeminiGuardOptions, type Guard, geminiGuard } from '../src/index.ts';
import { CANARY_KEY, CANARY_PROMPT, see } from './canaries.ts';
import { ManualClock, MODEL } from './manual-clock.ts';

const express4 = require('express4') as typeof express5;

export { CANARY_KEY, CANARY_PROMPT, ManualClock, MODEL };

export const frameworks: [string, typeof express5][] = [
  ['express 5', express5],
  ['express 4', express4],
];
export const sdks: [string, typeof genai2][] = [
  ['@google/genai 2.32', genai2],
  ['@google/genai 3.1', genai3 as unknown as typeof genai2],
];

/** All events that there are: a new one is missed by the compiler. */
export const EVENTS: EventName[] = Object.keys({
  attempt: true,
  usage: true,
  retry: true,
  gate: true,
  key: true,
  failover: true,
  store: true,
  circuit: true,
  queue: true,
  limit: true,
  prompt: true,
  alert: true,
  warning: true,
  late: true,
  answer: true,
} satisfies Record<EventName, true>) as EventName[];

/** A client of the given SDK whose calls pass the guard to the fake. */
export function clientOf(guard: Guard, baseUrl: string, sdk: typeof genai2 = genai2): genai2.GoogleGenAI {
  return new sdk.GoogleGenAI({ apiKey: CANARY_KEY, httpOptions: { baseUrl, fetch: guard.fetch } });
}

/** A guard without lines on stdout and almost without waits. */
export function quickGuard(options: GeminiGuardOptions = {}): Guard {
  // Tests that count calls count to three.
  const retry = options.retry !== false && { attempts: 3, ...(options.retry ?? { baseMs: 1 }) };
  const guard = geminiGuard({ log: false, rateLimit: false, ...options, retry });
  for (const event of EVENTS) guard.on(event, (data) => see(`the event ${event}`, JSON.stringify(data)));
  const close = guard.close;
  return Object.assign(guard, {
    close(options?: { graceMs?: number }) {
      see('the status', JSON.stringify(guard.status()));
      return close(options);
    },
  });
}

/** Listens on a free port of the loopback. */
export async function listen(
  handler: RequestListener,
): Promise<{ url: string; server: Server; close: () => Promise<void> }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, close };
}

/** Lets every wait of the guard pass at once, as long as it would have been. */
export function skipWaits(guard: Guard, clock: ManualClock): void {
  const skip = (ms: number): void => void setImmediate(() => clock.advance(ms + 1));
  guard.on('retry', ({ waitMs }) => skip(waitMs));
  guard.on('gate', ({ state, waitMs }) => state === 'waiting' && skip(waitMs));
}

/** A logger that keeps its lines. */
export function memoryLogger(): {
  lines: { level: string; message: string; [name: string]: unknown }[];
  logger: never;
} {
  const lines: { level: string; message: string }[] = [];
  const write = (level: string) => (message: string, record: object) => {
    see('a log line', JSON.stringify([message, record]));
    return lines.push({ level, message, ...record });
  };
  return { lines, logger: { info: write('info'), warn: write('warn'), error: write('error') } as never };
}

/** The system's time, `factor` times as fast: a minute passes in seconds. */
export function fastClock(factor: number): Clock {
  const started = Date.now();
  const begun = performance.now();
  const now = (): number => (performance.now() - begun) * factor;
  const date = (): number => started + now();
  return {
    now,
    date,
    setTimeout: (callback, ms) => setTimeout(callback, Math.max(0, ms) / factor),
    clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  };
}
