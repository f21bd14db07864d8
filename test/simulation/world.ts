import type { Call } from '../../src/call.ts';
import { throwIfOver } from '../../src/call.ts';
import { systemClock } from '../../src/clock.ts';
import { GeminiError, isGeminiError } from '../../src/errors/gemini-error.ts';
import type { GuardEvents } from '../../src/observe/events.ts';
import { keysPart } from '../../src/policies/keys.ts';
import { type QuotaOptions, quotaPart } from '../../src/policies/quota.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { compose, type Policy } from '../../src/policy.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { LedgerStatus, Store } from '../../src/store/store.ts';
import { aPrompt } from '../a-call.ts';
import { SimulatedUpstream, type UpstreamSettings } from './upstream.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface Visitor {
  readonly at: number;
  readonly process: number;
  readonly project: string;
  readonly tokens: number;
  /** When they leave; Infinity where they stay. */
  readonly leavesAt: number;
  readonly deadlineMs: number;
}

export interface WorldSettings {
  readonly seed: number;
  readonly processes: number;
  /** One store for all processes, as Redis would be, or one each. */
  readonly shares: boolean;
  readonly quota: QuotaOptions;
  readonly attempts: number;
  /** So many keys, each of a project of its own; none: each visitor brings his own. */
  readonly keys: number;
  readonly upstream: UpstreamSettings;
  readonly visitors: readonly Visitor[];
  /** Somebody else who uses up quota of the first project. */
  readonly strangers: readonly number[];
  /** How far estimates are off. */
  readonly estimate: number;
}

export interface Sent {
  readonly at: number;
  readonly process: number;
  readonly project: string;
  readonly tokens: number;
  readonly visitor: number;
  /** 429: not counted. */
  isRefused: boolean;
}

export interface Outcome {
  readonly visitor: number;
  readonly at: number;
  readonly answered: boolean;
  readonly error?: GeminiError;
}

/** What happened, for the invariants to judge. */
export interface History {
  readonly settings: WorldSettings;
  readonly sent: Sent[];
  readonly outcomes: Outcome[];
  readonly closings: { at: number; process: number; project: string; until: number }[];
  readonly upstream: SimulatedUpstream;
  readonly timersLeft: number;
  /** Calls that still stand in a line. */
  readonly waiting: number;
  readonly ledgers: LedgerStatus[];
  readonly endedAt: number;
}

/** Plays a world to its end: the real policies, a simulated Gemini, and time that costs nothing. */
export async function play(settings: WorldSettings, random: () => number): Promise<History> {
  const clock = new VirtualClock(Date.UTC(2026, 10, 24, 12));
  const upstream = new SimulatedUpstream(clock, settings.upstream, random);
  const shared = new MemoryStore();
  const sent: Sent[] = [];
  const outcomes: Outcome[] = [];
  const closings: History['closings'] = [];
  const processes = Array.from({ length: settings.processes }, () =>
    guardProcess(settings, settings.shares ? shared : new MemoryStore()),
  );
  settings.visitors.forEach((visitor, i) => {
    clock.setTimeout(() => void visit(visitor, i), visitor.at);
  });
  for (const at of settings.strangers) clock.setTimeout(() => upstream.useUp('p0', 100), at);
  await clock.run();
  const ledgers = processes.flatMap(({ store }) => store.status(clock));
  const waiting = processes.reduce((sum, { line }) => sum + line(), 0);
  return {
    settings,
    sent,
    outcomes,
    closings,
    upstream,
    timersLeft: clock.pending,
    waiting,
    ledgers,
    endedAt: clock.now(),
  };

  async function visit(visitor: Visitor, i: number): Promise<void> {
    const { process, project, tokens, leavesAt, deadlineMs } = visitor;
    const door = new AbortController();
    const leaving =
      leavesAt === Number.POSITIVE_INFINITY
        ? undefined
        : clock.setTimeout(() => door.abort(new GeminiError('client_closed')), leavesAt - clock.now());
    const ends: (() => void)[] = [];
    const call: Call = {
      id: String(i),
      method: 'generateContent',
      model: 'm',
      host: 'gemini.test',
      key: project,
      project,
      isMovable: true,
      isKeyed: true,
      alert() {},
      store: (processes[process] as (typeof processes)[number]).store,
      prompt: aPrompt(Math.ceil(tokens * settings.estimate)),
      repeat: 'always',
      rejectBlocked: true,
      signal: door.signal,
      deadline: clock.now() + deadlineMs,
      startedAt: clock.now(),
      attempt: 1,
      limits: { attemptMs: Infinity, firstByteMs: Infinity, idleMs: Infinity },
      clock,
      random,
      emit: (event, data) => {
        const gate = data as GuardEvents['gate'];
        if (event !== 'gate' || gate.state !== 'closed') return;
        closings.push({ at: clock.now(), process, project: gate.project, until: clock.now() + gate.waitMs });
      },
      caller: '',
      atEnd: (callback) => void ends.push(() => callback({ promptTokenCount: tokens })),
    };
    try {
      await (processes[process] as (typeof processes)[number]).policy(call, async (passed) => {
        throwIfOver(passed);
        await passed.beforeSend?.();
        const call = { at: clock.now(), process, project: passed.project, tokens, visitor: i, isRefused: false };
        sent.push(call);
        return upstream.call(passed.project, tokens, passed.signal).catch((error: GeminiError) => {
          call.isRefused = error.kind === 'rate_limited';
          throw error;
        });
      });
      for (const end of ends) end();
      outcomes.push({ visitor: i, at: clock.now(), answered: true });
    } catch (error) {
      if (!isGeminiError(error)) throw error;
      outcomes.push({ visitor: i, at: clock.now(), answered: false, error });
    } finally {
      clock.clearTimeout(leaving);
    }
  }
}

function guardProcess({ quota, attempts, keys }: WorldSettings, store: Store) {
  const part = quotaPart(quota);
  const ring = Array.from({ length: keys }, (_, i) => ({ key: `key-of-p${i}`, project: `p${i}` }));
  const parts = [retryPart({ attempts }), ...(keys > 0 ? [keysPart(ring, { env: {} })] : []), part];
  const policy = compose(parts.map((one) => one.policy as Policy));
  const line = (): number => (part.status?.(systemClock) as { waiting: object[] }).waiting.length;
  return { policy, store, line };
}
