import type { ApiKey } from './api-key.ts';
import type { Clock } from './clock.ts';
import { GeminiError } from './errors/gemini-error.ts';
import type { Emit } from './observe/events.ts';
import type { Usage } from './observe/usage.ts';
import type { Store } from './store/store.ts';

/** How long one attempt may take, in milliseconds. Enforced where the HTTP exchange happens. */
export interface AttemptLimits {
  /** A whole unary answer, or a stream's first content. */
  readonly attemptMs: number;
  /** The first byte of a streamed answer. */
  readonly firstByteMs: number;
  /** Silence in a stream between two events. */
  readonly idleMs: number;
}

/** Media in a prompt, by what a model must be able to take. */
export type Media = 'image' | 'audio' | 'video' | 'document';

/** What a call sends to the model, for who counts it. The same in all attempts. */
export interface Prompt {
  /** Tokens of the input: as counted for this model, else estimated from their length. */
  tokens(model: string): number;
  isCounted(model: string): boolean;
  /** Asks Google's `countTokens`, once a model. Undefined where it cannot be asked, or does not answer. */
  count(call: Call): Promise<number | undefined>;
  readonly media: ReadonlySet<Media>;
  /** It names files, caches, conversations or a tuned model of one project: no other key can take it. */
  readonly isBound: boolean;
}

/** One upstream HTTP call as policies see it. Never changed: a policy that wants another call passes on a copy. */
export interface Call {
  /** Id of the visitor's request, or of the call itself outside of one. */
  readonly id: string;
  /** API method: `generateContent`, `countTokens`, `files.create`, ... */
  readonly method: string;
  /** Model in the URL, without `models/`; empty where the URL names none. */
  readonly model: string;
  readonly host: string;
  /** A label of the API key: never the key. Empty where the call carries none. */
  readonly key: string;
  /** Whose quotas it uses up: the project where that is known, else the label of the key. */
  readonly project: string;
  /** Sent in place of the key that the client has put in. */
  readonly apiKey?: ApiKey;
  /** It carries an API key, so that another can be sent in its place. */
  readonly isKeyed: boolean;
  /** Vertex region in the URL, or the one that is called in its place. Undefined where the URL names none. */
  readonly region?: string;
  /** Its model, or its region, stands in the URL: another can take its place. */
  readonly isMovable: boolean;
  readonly prompt: Prompt;
  /** Where the guard whose seam it passes keeps the ledgers of quotas: one for all parts, the app's and the routes'. */
  readonly store: Store;
  /** The longest that a quota may hold it back; set by who has another way to try at once. */
  readonly patienceMs?: number;
  /** Runs in the moment of sending, which waits for what it returns. What it throws keeps the call from being sent. */
  readonly beforeSend?: () => Promise<void> | undefined;
  /**
   * May it be sent again? `if-unsent`: only when the failed try cannot have reached Google, since it creates something;
   * `never`: its body is a stream, and spent.
   */
  readonly repeat: 'always' | 'if-unsent' | 'never';
  /** It only looks whether something has recovered: one attempt is enough. */
  readonly isProbe?: boolean;
  /** Fires when the visitor or the caller leaves, or the guard closes; the reason is a {@link GeminiError}. */
  readonly signal: AbortSignal;
  /** In the time of `clock.now()`; Infinity where nothing bounds it. */
  readonly deadline: number;
  /** Another attempt may follow: it can be given up as soon as it will not come back. */
  readonly canBeCut?: boolean;
  /** Another model or region can answer in its place: it waits for no circuit. */
  readonly hasStandIn?: boolean;
  /** When the first upstream call of the same visitor began, or this one: a total deadline counts from here. */
  readonly startedAt: number;
  /** 1 for the first. */
  readonly attempt: number;
  readonly limits: AttemptLimits;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly emit: Emit;
  /** Tells an operator of a failure of this call, even where the visitor gets an answer after all. */
  readonly alert: (call: Call, error: GeminiError) => void;
  /** Whether an answer that is blocked, empty or malformed is a failure. */
  readonly rejectBlocked: boolean;
  /** Hash of who the visitor is, where `rateLimit` has found out; empty otherwise. */
  readonly caller: string;
  /** Runs once the answer has been read to its end, or given up: a stream outlives the policies around it. */
  readonly atEnd: (callback: (usage?: Usage) => void) => void;
}

/** What is limited or down together on one host: the model, or the method where a call names none. */
export function resourceOf({ model, method }: Call): string {
  return model || method;
}

/** Whether a model answers a prompt: what is counted, and what another model can answer too. */
export function isGeneration({ method }: Call): boolean {
  return method === 'generateContent' || method === 'streamGenerateContent';
}

/** Where a region of Vertex is called: several countries together, or one data centre. */
export function vertexHost(region: string): string {
  if (region === 'global') return 'aiplatform.googleapis.com';
  return region.includes('-') ? `${region}-aiplatform.googleapis.com` : `aiplatform.${region}.rep.googleapis.com`;
}

/** Milliseconds until the deadline of the call. */
export function remainingMs(call: Call): number {
  return call.deadline - call.clock.now();
}

/** @throws GeminiError when nobody waits for this call any more, or its time is up. */
export function throwIfOver(call: Call): void {
  if (call.signal.aborted) throw call.signal.reason;
  if (remainingMs(call) <= 0) throw new GeminiError('guard_timeout');
}

/**
 * Waits, and listens: an abort or the deadline ends the wait at once.
 * @param sleepers where somebody may wake this wait before its time, by calling what stands in the set
 * @throws GeminiError the reason of the abort, or `guard_timeout` at the deadline.
 */
export async function wait(call: Call, ms: number, sleepers?: Set<() => void>): Promise<void> {
  throwIfOver(call);
  const leftMs = remainingMs(call);
  // Decided before: timers of Node fire up to 1 ms early, and then the clock still shows time left at the deadline.
  const isLast = leftMs <= ms;
  const isTimeUp = await sleep(call, Math.min(ms, leftMs), sleepers);
  throwIfOver(call);
  if (isLast && isTimeUp) throw new GeminiError('guard_timeout');
}

/** True when the time has passed, false when an abort or a waker came before. */
function sleep({ clock, signal }: Call, ms: number, sleepers?: Set<() => void>): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isTimeUp: boolean): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      sleepers?.delete(wake);
      resolve(isTimeUp);
    };
    const wake = (): void => end(false);
    // setTimeout of Node takes Infinity for 1 ms.
    const timer = ms === Number.POSITIVE_INFINITY ? undefined : clock.setTimeout(() => end(true), ms);
    signal.addEventListener('abort', wake, { once: true });
    sleepers?.add(wake);
  });
}
