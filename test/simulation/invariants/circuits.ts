import { KINDS } from '../../../src/errors/kinds.ts';
import type { GuardEvents } from '../../../src/observe/events.ts';
import { type Facts, grouped, type Invariant, sentText } from './facts.ts';

const NEXT: Readonly<Record<string, readonly string[]>> = {
  closed: ['open'],
  open: ['half-open'],
  'half-open': ['open', 'closed'],
};
/** A probe that has not come back by then no longer keeps others out. */
const LEASE_MS = 1000;
const CLOSING_PROBES = 2;
/** Of the time that it stays open: all of it, give or take a fifth. */
const SHORTEST = 0.79;
const WARNED_CALLS = 3;

interface Turn {
  readonly order: number;
  readonly at: number;
  readonly state: string;
}

/** The circuits of a world, each with the times at which it changed its state. */
function circuits(facts: Facts): { process: number; model: string; turns: Turn[] }[] {
  const changes = facts.history.of('circuit').filter(({ data }) => data.state in NEXT);
  return [...grouped(changes, ({ process, data }) => `${process} ${data.model}`).values()].map((all) => ({
    process: all[0]?.process as number,
    model: all[0]?.data.model as string,
    turns: all.map(({ order, at, data }) => ({ order, at, state: data.state })),
  }));
}

/** I5: a circuit goes from closed to open to half-open and on, and lets so many probes through at once. */
export const lawfulCircuits: Invariant = (facts) => {
  const { probes, enforce = true } = facts.settings.guard.circuitBreaker;
  const { concurrency } = facts.settings.guard.bulkhead;
  const attempts = facts.attempts();
  const answers = facts.history.of('attempt').filter(({ data }) => data.kind === undefined);
  const found: string[] = [];
  for (const { process, model, turns } of circuits(facts)) {
    let before = 'closed';
    for (const [i, { order, at, state }] of turns.entries()) {
      if (!NEXT[before]?.includes(state))
        found.push(`the circuit of ${model} went from ${before} to ${state} at ${at}`);
      const openMs = facts.settings.guard.circuitBreaker.openMs ?? 5000;
      const openedAt = turns[i - 1]?.at ?? 0;
      if (state === 'half-open' && at < openedAt + openMs * SHORTEST) {
        found.push(`the circuit of ${model} was open for ${at - openedAt} ms of ${openMs}`);
      }
      before = state;
      const end = turns[i + 1]?.order ?? Number.POSITIVE_INFINITY;
      // Let in before, and then held by a bulkhead or by Redis: those may come later.
      if (!enforce || concurrency < 256 || facts.settings.redis) continue;
      const inside = attempts.filter(
        (call) =>
          call.process === process && call.model === model && call.at > at && call.order > order && call.order < end,
      );
      if (state === 'open') found.push(...inside.map((call) => `while its circuit was open: ${sentText(call)}`));
      if (state !== 'half-open') continue;
      // Each success lets one more in.
      const since = answers.filter((one) => one.process === process && one.data.model === model && one.at >= at);
      for (const call of inside) {
        const most = probes + since.filter((answer) => answer.at <= call.at).length;
        const probing = inside.filter((other) => isProbing(other, call)).length;
        if (probing > most) found.push(`${probing} probes of ${most} at once: ${sentText(call)}`);
      }
    }
  }
  return found;

  function isProbing(
    other: { at: number; order: number; contentAt?: number; closedAt: number | undefined },
    call: { at: number; order: number },
  ): boolean {
    const isBack = (other.contentAt ?? other.closedAt ?? Number.POSITIVE_INFINITY) <= call.at;
    const leaseMs = Math.min(LEASE_MS, facts.settings.guard.timeout.attemptMs);
    return other.order <= call.order && !isBack && call.at - other.at < leaseMs;
  }
};

/** I12: what tells nothing of the upstream's health neither opens nor closes a circuit. */
export const onlyFailuresOpen: Invariant = (facts) => {
  const { circuitBreaker } = facts.settings.guard;
  const { windowMs = 10_000, minimumCalls, probes, failureRatio = 0.9 } = circuitBreaker;
  const isWarned = facts.settings.processes > 1;
  const ended = facts.history.of('attempt').filter(({ data }) => data.method !== 'countTokens');
  return circuits(facts).flatMap(({ process, model, turns }) => {
    const own = ended.filter((one) => one.process === process && one.data.model === model);
    return turns.flatMap(({ order, at, state }, i) => {
      const before = turns[i - 1];
      // Of calls that were made before its last turn the outcome tells nothing.
      const begunAt = before?.at ?? 0;
      const since = own.filter((one) => one.order < order && one.at - one.data.durationMs >= begunAt - 1);
      const failures = since.filter(({ data }) => isFailure(data));
      if (state === 'closed') {
        const answered = since.filter(({ data }) => data.kind === undefined).length;
        const enough = answered >= Math.min(CLOSING_PROBES, probes);
        return enough ? [] : [`the circuit of ${model} closed at ${at} after ${answered} answers`];
      }
      if (state !== 'open') return [];
      if (before?.state === 'half-open')
        return failures.length > 0 ? [] : [`the circuit of ${model} opened again without a failure at ${at}`];
      // opossum forgets a tenth of the window at a time.
      const recent = failures.filter((one) => one.at > at - windowMs * 1.2).length;
      const answers = since.filter((one) => one.data.kind === undefined && one.at > at - windowMs * 0.8).length;
      const least = isWarned
        ? Math.min(minimumCalls, Math.max(WARNED_CALLS, Math.ceil(minimumCalls / 4)))
        : minimumCalls;
      const enough = recent >= least * failureRatio - 1e-6 && recent / (recent + answers) >= failureRatio - 1e-6;
      // The latest are judged by themselves, too.
      const latest = since.filter(({ data }) => data.kind === undefined || isFailure(data)).slice(-minimumCalls);
      const bad = latest.filter((one) => isFailure(one.data) && one.at > at - windowMs).length;
      const isBad = bad >= minimumCalls * failureRatio - 1e-6;
      return enough || isBad
        ? []
        : [`the circuit of ${model} opened at ${at} after ${recent} failures and ${answers} answers`];
    });
  });
};

/** I5: where nearly all calls have failed, the circuit is not closed any more. */
export const failuresOpen: Invariant = (facts) => {
  const { windowMs = 10_000, minimumCalls, failureRatio = 0.9 } = facts.settings.guard.circuitBreaker;
  const ended = facts.history.of('attempt').filter(({ data }) => data.method !== 'countTokens');
  const all = circuits(facts);
  return [...grouped(ended, ({ process, data }) => `${process} ${data.model}`)].flatMap(([name, attempts]) => {
    const turns = all.find(({ process, model }) => `${process} ${model}` === name)?.turns ?? [];
    const firstOpen = turns[0]?.at ?? Number.POSITIVE_INFINITY;
    for (const { at, data, order } of attempts) {
      if (at >= firstOpen || !isFailure(data)) continue;
      const recent = attempts.filter((one) => one.order <= order && one.at > at - windowMs * 0.8);
      const failures = recent.filter((one) => isFailure(one.data)).length;
      const older = attempts.filter((one) => one.order <= order && one.at > at - windowMs * 1.2);
      const answers = older.filter((one) => one.data.kind === undefined).length;
      if (failures < minimumCalls || failures / (failures + answers) < failureRatio) continue;
      return [`the circuit of ${name} stayed closed at ${at} after ${failures} failures and ${answers} answers`];
    }
    return [];
  });
};

function isFailure({ kind }: GuardEvents['attempt']): boolean {
  return kind !== undefined && KINDS[kind].breaker && KINDS[kind].source === 'upstream';
}
