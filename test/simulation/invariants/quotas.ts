import { isGeminiError } from '../../../src/errors/gemini-error.ts';
import { SLICE_MS } from '../../../src/store/windows.ts';
import { isCounted } from '../upstream/upstream.ts';
import type { Sent } from '../world/history.ts';
import { type Facts, grouped, type Invariant, sentText } from './facts.ts';

const MINUTE = 60_000;
/** Of a limit, while the processes cannot ask each other. */
const OUTAGE = 1.1;

/** What may be sent of a limit in any minute: by one process, or by all that share. */
function allowed(limit: number, { settings, hasRedisTrouble }: Facts): number {
  if (!settings.redis || !hasRedisTrouble) return limit;
  if (settings.redis.outage === 'open') return limit * (settings.processes + 1);
  return Math.floor(limit * OUTAGE) + settings.processes;
}

/** I8: of what is configured no more is used in any sixty seconds, by one process or by all that share it. */
export const noWindowOverItsLimit: Invariant = (facts) => {
  const { settings } = facts;
  const { limits, enforce } = settings.guard.quota;
  if (enforce === false || !limits) return [];
  const { rpm = Number.POSITIVE_INFINITY, tpm = Number.POSITIVE_INFINITY } = limits['*'] ?? {};
  const counted = facts.attempts().filter(({ outcome }) => isCounted(outcome));
  const groups = grouped(counted, (call) => `${call.project} ${call.model} ${settings.redis ? '' : call.process}`);
  return [...groups.values()].flatMap((calls) =>
    calls.flatMap((last) => {
      const inside = calls.filter(({ at }) => at <= last.at && at > last.at - MINUTE);
      const tokens = inside.reduce((sum, call) => sum + call.tokens, 0);
      const found: string[] = [];
      if (inside.length > allowed(rpm, facts))
        found.push(`${inside.length} requests of ${rpm} in the minute before ${last.at}`);
      // Where estimates are too low nobody could know.
      const isFair = settings.upstream.truth <= 1 && tokens - 1e-6 > allowed(tpm, facts);
      return isFair && inside.length > 1 ? [...found, `${tokens} tokens of ${tpm} before ${last.at}`] : found;
    }),
  );
};

/** I8: where the limits are known, estimates are not too low and nobody else is there, Google never has to refuse. */
export const noRefusalThatWasForeseeable: Invariant = (facts) => {
  const { guard, strangers, upstream, redis, processes, visitors } = facts.settings;
  const isAlone = strangers.length === 0 && (redis ? !facts.hasRedisTrouble : processes === 1);
  if (!isAlone || !guard.quota.limits || guard.quota.enforce === false || upstream.truth > 1 || visitors.length === 0)
    return [];
  return facts
    .attempts()
    .filter(({ outcome }) => outcome === 'limited')
    .map((call) => `refused, though foreseeable: ${sentText(call)}`);
};

/** I9: a refusal of the guard's own names a time, and one that is further away than this visitor would have waited. */
export const truthfulRefusals: Invariant = (facts) => {
  const { maxWaitMs = 30_000, limits } = facts.settings.guard.quota;
  const { totalMs } = facts.settings.guard.timeout;
  return facts.calls().flatMap(({ ask, attempts }, i) => {
    const { error, at, endedAt = 0 } = ask;
    if (!isGeminiError(error) || error.source !== 'guard' || error.kind !== 'rate_limited') return [];
    const { retryAfterMs = 0 } = error;
    if (retryAfterMs <= 0) return [`call ${i} was refused without a time`];
    // With other keys, or in a second attempt, the wait is another's; a limit of nothing is no matter of time.
    if (facts.settings.keys > 0 || attempts.length > 0 || facts.hasRedisTrouble || !limits) return [];
    const wouldWait = Math.min(maxWaitMs, totalMs) - SLICE_MS;
    return retryAfterMs + endedAt - at < wouldWait
      ? [`call ${i} was refused for ${retryAfterMs} ms, of ${maxWaitMs}`]
      : [];
  });
};

/** I11: the ledgers hold what was counted, and no place that nobody has. */
export const ledgersTrue: Invariant = (facts) => {
  const { settings, history } = facts;
  if (settings.redis || settings.jumps.length > 0) return [];
  return history.quiet.flatMap(({ status, at }, process) => {
    if (facts.isClosed(process)) return [];
    return status.ledgers.flatMap((ledger) => {
      const calls = facts.attempts().filter((call) => {
        const isOurs = call.process === process && call.at <= at && call.model === ledger.resource;
        return isOurs && call.project === facts.projectOf(ledger.project) && isCountedHere(call);
      });
      const { requests, tokens, today } = ledger.used;
      const name = `${ledger.project} ${ledger.resource}`;
      const found: string[] = [];
      if (today !== calls.length) found.push(`the ledger of ${name} counts ${today} of ${calls.length} today`);
      const within = (ms: number): Sent[] => calls.filter((call) => call.at > at - ms);
      const [least, most] = [within(MINUTE), within(MINUTE + 1500)];
      if (requests < least.length || requests > most.length) {
        found.push(`the ledger of ${name} counts ${requests} requests, where ${least.length} were sent`);
      }
      const isExact =
        least.length === most.length && least.every(({ outcome }) => outcome === 'good') && allRead(facts);
      const sum = least.reduce((all, call) => all + call.tokens, 0);
      if (isExact && Math.abs(tokens - sum) > 0.01)
        found.push(`the ledger of ${name} counts ${tokens} tokens of ${sum}`);
      return found;
    });
  });
};

/** I11: Redis counts what was sent, and, where nothing has befallen it, no more. */
export const sharedLedgerTrue: Invariant = (facts) => {
  const { settings, history } = facts;
  const { redisToday } = history;
  const troubles = settings.redis?.troubles ?? [];
  // Of a process that was closed, or has not come back, Redis has not been told all; nor, at once, after it was emptied.
  const isTold = history.quiet.every(({ status }) => status.redis?.isUp) && !settings.closing;
  if (redisToday === undefined || !isTold || troubles.some(({ kind }) => kind === 'kill-empty')) return [];
  const quietAt = Math.min(...history.quiet.map(({ at }) => at));
  const sent = facts.attempts().filter((call) => call.at <= quietAt && isCountedHere(call)).length;
  const isTrue = troubles.length > 0 ? redisToday >= sent : redisToday === sent;
  return isTrue ? [] : [`Redis counts ${redisToday} of ${sent} calls`];
};

/** What the guard cannot know to be uncounted, it counts: a refusal that it has not heard, or that speaks of no quota. */
function isCountedHere({ outcome, headAt }: Sent): boolean {
  return isCounted(outcome) || headAt === undefined || outcome === 'limitNone' || outcome === 'dead';
}

/** Whoever leaves an answer does not learn what it has cost. */
function allRead({ history, settings }: Facts): boolean {
  return (
    history.asks.every(({ error }) => error === undefined) &&
    settings.visitors.every(({ questions }) =>
      questions.every(({ reading }) => reading === 'all' || reading === 'slow'),
    )
  );
}
