import type { GoogleGenAI } from '@google/genai';
import { GeminiError, isGeminiError } from './errors/gemini-error.ts';
import { isGeminiFailure } from './errors/is-gemini-failure.ts';
import { understand } from './errors/understand.ts';
import { node } from './node.ts';
import { runInScope, type Scope } from './scope.ts';

export interface RunOptions {
  /** Ends the work: waits, attempts and streams. */
  signal?: AbortSignal;
  /** Shows in logs and errors. Default a random UUID. */
  id?: string;
}

/** What `run` hands to the work. */
export interface RunContext {
  readonly id: string;
  /** Fires when the caller's signal does. */
  readonly signal: AbortSignal;
  /** An @google/genai client that is guarded. */
  readonly gemini: GoogleGenAI;
}

/** What running needs of a guard. */
interface Runner {
  openScope(id: string): Scope;
  clientIn(scope: Scope): GoogleGenAI;
}

/** Runs work in a scope of its own, as if it were a request: for workers, scripts and tests. */
export async function run<T>(
  runner: Runner,
  work: (context: RunContext) => Promise<T> | T,
  { signal, id = node.crypto.randomUUID() }: RunOptions = {},
): Promise<T> {
  const scope = runner.openScope(id);
  const leave = (): void => scope.abort(new GeminiError('cancelled', { cause: signal?.reason }));
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  const context: RunContext = {
    id,
    signal: scope.signal,
    get gemini() {
      return runner.clientIn(scope);
    },
  };
  try {
    const result = await runInScope(scope, async () => work(context));
    scope.finish(200);
    return result;
  } catch (thrown) {
    const error = isGeminiFailure(thrown) ? understand(thrown) : thrown;
    if (isGeminiError(error)) scope.tally.failure = error;
    scope.finish(isGeminiError(error) ? error.status : 500);
    throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}
