import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GoogleGenAI, GoogleGenAIOptions } from '@google/genai';
import type { Keys } from './api-key.ts';
import { Core, type CoreSettings } from './core.ts';
import type { GuardStatus } from './guard-status.ts';
import { around, errorsOf, type Handler, passThrough } from './http/express.ts';
import { handleKoa, isKoaNext, type KoaLike, type KoaNext, passKoa } from './http/koa.ts';
import type { ErrorHandler, Next } from './http/tail.ts';
import { giveInsight } from './insight.ts';
import type { EventName, Listener } from './observe/events.ts';
import type { GuardStats } from './observe/guard-stats.ts';
import type { Part } from './part.ts';
import type { Policy } from './policy.ts';
import { type RunContext, type RunOptions, run } from './run.ts';

declare global {
  namespace Express {
    interface Request {
      /** An @google/genai client whose calls belong to this request; there beneath a guard. */
      readonly gemini: GoogleGenAI;
    }
  }
}

/** A policy, or several, with faces: middleware, a wrapper of handlers, a fetch, a client. */
export interface Guard {
  /** Middleware for Express 4, Express 5 and connect. */
  (req: IncomingMessage, res: ServerResponse, next: Next): void;
  /** Middleware for Koa 3. Mounted first, it is the error handler for Gemini's failures too. */
  (ctx: KoaLike, next: KoaNext): Promise<void>;
  /** Wraps one route handler, of Express or Koa; needs no app and no error handler behind it. */
  handler<F extends Handler>(fn: F): F;
  /** THE SEAM: give it to an SDK, and every upstream HTTP call passes here. */
  readonly fetch: typeof globalThis.fetch;
  /**
   * An @google/genai client built on {@link Guard.fetch}.
   * @throws TypeError without a usable key, or when the installed SDK is older than 2.23
   */
  client(options?: GoogleGenAIOptions): GoogleGenAI;
  /**
   * The same protection outside of HTTP: a queue worker, a script, a test.
   * @throws GeminiError for failures of Gemini; other errors of `fn` as they are
   */
  run<T>(fn: (context: RunContext) => Promise<T> | T, options?: RunOptions): Promise<T>;
  /** The tail error handler, for those who mount it by hand. */
  readonly errors: ErrorHandler;
  /** By name, outermost first. */
  readonly policies: ReadonlyMap<string, Policy>;
  /** Its API keys by label; they can be added and removed while it runs. */
  readonly keys: Keys;
  /** Listens to one kind of event. The function returned stops that. */
  on<E extends EventName>(event: E, listener: Listener<E>): () => void;
  /** JSON: counts, gates, circuits. */
  status(): GuardStatus;
  /** JSON: requests, errors, times, tokens and money since the guard was made, in all and by model, key and route. */
  stats(): GuardStats;
  /**
   * Refuses new calls, lets those in flight finish, then aborts them. Leaves no timer, socket or listener.
   * @param options.graceMs default 10_000
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

/** Gives parts their faces. */
export function guardOf(parts: readonly (Part | readonly [Part['name'], null])[], settings?: CoreSettings): Guard {
  const core = new Core(parts, settings);
  // Three declared parameters: with four, Express would take it for an error handler.
  const guard = function geminiGuard(
    first: IncomingMessage | KoaLike,
    second: ServerResponse | KoaNext,
    next?: Next,
  ): Promise<void> | undefined {
    if (isKoaNext(second)) return passKoa(core, first as KoaLike, second);
    passThrough(core, first as IncomingMessage, second, next as Next);
    return undefined;
  };
  giveInsight(guard, core);
  return Object.assign(guard as Guard, {
    handler: <F extends Handler>(fn: F) => handlerOf(core, fn) as unknown as F,
    fetch: core.fetch,
    client: (options?: GoogleGenAIOptions) => core.client(options),
    run: (<T>(work: (context: RunContext) => Promise<T> | T, options?: RunOptions) =>
      run(core, work, options)) as Guard['run'],
    errors: errorsOf(core),
    policies: core.policies,
    keys: core.keys,
    on: core.on.bind(core) as Guard['on'],
    status: () => core.status(),
    stats: () => core.observers.stats(),
    close: (options?: { graceMs?: number }) => core.close(options),
  });
}

/** One function for all frameworks, told apart by what they pass. */
function handlerOf(core: Core, fn: Handler): (...given: Parameters<Handler>) => unknown {
  const handle = around(core, fn);
  return function geminiGuardHandler(first, second, next) {
    return isKoaNext(second) ? handleKoa(core, fn, first, second) : handle(first, second, next);
  };
}
