import { answerCall, type Fake } from './answering.ts';
import { KeyRing } from './keys.ts';
import { type PolitenessOptions, politeness, readPoliteness, type Verdict } from './politeness.ts';
import { Quotas } from './quotas.ts';
import { type Call, CallLog } from './record.ts';
import { Resources } from './resources.ts';
import { type CallFilter, Script, type ScriptItem } from './script.ts';
import { checkFilter, checkItems, checkTimes } from './script-check.ts';
import { listen } from './server.ts';
import { type FakeGeminiOptions, number, pace, readSettings, refuseUnknown } from './settings.ts';

/** The pace of answers, in ms of real time. */
export interface Latency {
  /**
   * Before the first byte.
   * @default 0
   */
  readonly firstByteMs?: number | (() => number);
  /**
   * Between two chunks of a stream.
   * @default 0
   */
  readonly chunkMs?: number;
}

/** A running fake Gemini. */
export interface FakeGemini {
  /** `http://127.0.0.1:PORT`: the base URL for a client. */
  readonly url: string;
  /** Every call since the start or the last `reset()`, in order of arrival. The array stays the same one. */
  readonly calls: readonly Call[];
  /**
   * Queues replies, one per call. The whole list is played `times` times (default 1; may be `Infinity`). When the
   * queue has nothing for a call, it gets a good answer. A fault is played whatever the key, model and quota;
   * an `answer()` waits for a call that they let in.
   */
  script(replies: ScriptItem | readonly ScriptItem[], filter?: CallFilter & { readonly times?: number }): void;
  /** What calls get when the queue has nothing for them, until `reset()`. The latest that fits wins; `null` removes all. */
  always(reply: ScriptItem | null, filter?: CallFilter): void;
  /** Sets the pace from now on; what is left out goes back to 0. */
  latency(latency: Latency): void;
  /** Resolves with all calls once there are `n`. */
  waitForCalls(n: number): Promise<readonly Call[]>;
  /** Resolves with the `n`th call that its client closed before the answer was complete. */
  waitForAbort(n?: number): Promise<Call>;
  /** Resolves once every call so far has ended (a hung one has not). */
  waitForIdle(): Promise<void>;
  /**
   * What the client under test did and should not have done, each with its proof; empty for a polite one. It waits a
   * moment for calls that are still open to end. Requests are told apart by URL and body.
   * @example expect(await gemini.politeness()).toEqual([]);
   */
  politeness(options?: PolitenessOptions): Promise<readonly Verdict[]>;
  /** Forgets calls, script, pace, quotas and what was created; ends the calls still open. */
  reset(): void;
  /** Destroys every socket and stops listening. A second call does nothing. */
  close(): Promise<void>;
  /** The environment for an unchanged app. */
  env(): { GOOGLE_GEMINI_BASE_URL: string; GEMINI_API_KEY: string };
}

/**
 * Starts a fake Gemini on loopback.
 * @example
 * const gemini = await fakeGemini();
 * gemini.script([fault.quotaPerMinute({ retryDelay: '17s' }), answer('Hi!')]);
 * const ai = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: gemini.url } });
 */
export async function fakeGemini(options: FakeGeminiOptions = {}): Promise<FakeGemini> {
  const settings = readSettings(options);
  const initial = { firstByteMs: settings.firstByteMs, chunkMs: settings.chunkMs };
  const fake: Fake = {
    settings,
    keys: new KeyRing(settings.keys),
    quotas: new Quotas(settings.limits, settings.minuteMs),
    resources: new Resources(),
    script: new Script(),
    log: new CallLog(),
    open: new Set(),
  };
  const { script, log } = fake;
  const server = await listen(settings.port, (request, response) => void answerCall(fake, request, response));
  const endOpenCalls = (): void => {
    for (const exchange of fake.open) exchange.close();
  };
  const waitForIdle = (): Promise<void> => log.until(() => log.calls.every((call) => call.endedAt !== undefined));
  return {
    url: server.url,
    calls: log.calls,
    script(replies, { times, ...filter } = {}) {
      script.push(checkItems('script', replies), checkFilter('script', filter), checkTimes(times));
    },
    always(reply, filter = {}) {
      if (reply !== null) checkItems('always', reply);
      script.always(reply, checkFilter('always', filter));
    },
    latency(latency) {
      refuseUnknown('latency', latency, ['firstByteMs', 'chunkMs']);
      settings.firstByteMs = pace('latency', 'firstByteMs', latency.firstByteMs);
      settings.chunkMs = number('latency', 'chunkMs', latency.chunkMs, 0);
    },
    async waitForCalls(n) {
      await log.until(() => log.calls.length >= n);
      return log.calls;
    },
    async waitForAbort(n = 1) {
      const aborted = (): Call | undefined => log.calls.filter((call) => call.aborted)[n - 1];
      await log.until(() => aborted() !== undefined);
      return aborted() as Call;
    },
    waitForIdle,
    async politeness(options = {}) {
      const { attempts, graceMs } = readPoliteness(options);
      await within(graceMs, waitForIdle());
      return politeness(log.calls, attempts);
    },
    reset() {
      endOpenCalls();
      Object.assign(settings, initial);
      script.clear();
      log.clear();
      fake.quotas.clear();
      fake.resources.clear();
    },
    async close() {
      endOpenCalls();
      log.giveUp();
      await server.close();
    },
    env: () => ({ GOOGLE_GEMINI_BASE_URL: server.url, GEMINI_API_KEY: settings.keys?.[0]?.key ?? 'fake-key' }),
  };
}

/** Waits for a promise, but not for longer. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, over]).finally(() => clearTimeout(timer));
}
