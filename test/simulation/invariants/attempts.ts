import { isGeminiError } from '../../../src/errors/gemini-error.ts';
import { ANSWER_MS } from '../../../src/store/redis-link.ts';
import type { Fault } from '../upstream/faults.ts';
import { grouped, type Invariant, sentText } from './facts.ts';

/** What another attempt at the same model cannot cure. */
const FINAL: ReadonlySet<string> = new Set<Fault>([
  'invalid',
  'noModel',
  'redirect',
  'blocked',
  'truncated',
  'safety',
  'limitZero',
  'limitDay',
  'limitHuge',
  'overloadedHuge',
]);
/** What no model is asked after: the answer is no, or the question is wrong. */
const LAST: ReadonlySet<string> = new Set<Fault>(['invalid', 'blocked', 'truncated', 'safety']);
/** What is tried once more, and no more. */
const ONCE_MORE: ReadonlySet<string> = new Set<Fault>(['empty', 'badOutput']);
const CLOSED_MS = 50;

/** I2: attempts are bounded, what cannot be cured is not repeated, and what is told of attempts is true. */
export const boundedAttempts: Invariant = (facts) => {
  const { guard, keys } = facts.settings;
  const most = guard.retry.attempts * Math.max(1, keys);
  const found: string[] = [];
  for (const [i, { ask, attempts }] of facts.calls().entries()) {
    const last = attempts.findIndex(({ outcome }) => LAST.has(outcome));
    if (last >= 0 && last < attempts.length - 1) found.push(`asked again after ${sentText(attempts[last] as Sent)}`);
    for (const [model, calls] of grouped(attempts, (one) => one.model)) {
      if (calls.length > most) found.push(`call ${i} was sent to ${model} ${calls.length} times of ${most}`);
      // With several keys the second call may still belong to the first attempt.
      const isSecond = (n: number): boolean => keys < 2 && n > 0;
      const end = calls.findIndex(({ outcome }, n) => FINAL.has(outcome) || (ONCE_MORE.has(outcome) && isSecond(n)));
      const isEnd = end >= 0 && end < calls.length - 1 && !isMoved(calls[end] as Sent, calls[end + 1] as Sent);
      if (isEnd) found.push(`repeated in vain: ${sentText(calls[end] as Sent)}`);
    }
    if (ask.answeredAt === undefined && isGeminiError(ask.error) && ask.error.attempts !== attempts.length) {
      found.push(`call ${i} tells of ${ask.error.attempts} attempts of ${attempts.length}`);
    }
  }
  return found;
};

type Sent = Parameters<typeof sentText>[0];

/** Another project may have what this one has not. */
function isMoved(before: Sent, after: Sent): boolean {
  return before.project !== after.project && before.outcome.startsWith('limit');
}

/** I3: nothing is sent for who has left, whose time is up, or by who has closed; and what is under way then ends at once. */
export const nothingAfterTheEnd: Invariant = (facts) => {
  const { closing } = facts.history;
  const { settings } = facts;
  const found: string[] = [];
  for (const { ask, sent } of facts.calls()) {
    const leftAt = facts.leftAt(ask);
    const closedAt = closing && settings.closing?.process === ask.process ? closing.endedAt : Number.POSITIVE_INFINITY;
    for (const call of sent) {
      if (call.at >= facts.deadlineOf(ask)) found.push(`after its deadline: ${sentText(call)}`);
      if (call.at > leftAt) found.push(`for who had left at ${leftAt}: ${sentText(call)}`);
      if (call.at > closedAt) found.push(`by who had closed at ${closedAt}: ${sentText(call)}`);
      if (call.at > (ask.answeredAt ?? Number.POSITIVE_INFINITY)) found.push(`behind its answer: ${sentText(call)}`);
      const end = Math.min(leftAt, closedAt, facts.servedAt(ask)) + CLOSED_MS;
      if ((call.closedAt ?? Number.POSITIVE_INFINITY) > end) found.push(`went on after ${end}: ${sentText(call)}`);
    }
    // The one question to Redis is not taken back.
    const keptMs = CLOSED_MS + (settings.redis ? ANSWER_MS : 0);
    if (ask.answeredAt === undefined && (ask.endedAt ?? 0) > leftAt + keptMs)
      found.push(`kept after leaving at ${leftAt}`);
  }
  return found;
};

/** How much sooner than the time that was named timers may let a call go. */
const EARLY_MS = 2;
/** By then the other processes have heard of it, and a call that begins finds it in Redis. */
const TOLD_MS = 1200;
const ASKED_MS = 20;

/** I9: no call is made before the time that was named, neither by who has heard it nor, where Redis is well, by the others. */
export const noCallBeforeItsTime: Invariant = (facts) => {
  if (facts.settings.guard.quota.enforce === false) return [];
  const attempts = facts.attempts();
  return facts.history.of('gate').flatMap(({ order, at, process, data }) => {
    if (data.state !== 'closed') return [];
    const project = facts.projectOf(data.project);
    const until = at + data.waitMs - EARLY_MS;
    const hears = (call: Sent): boolean =>
      call.process === process
        ? call.order > order
        : facts.isSharing && (call.at > at + TOLD_MS || (facts.history.asks[call.ask]?.at ?? 0) > at + ASKED_MS);
    return attempts
      .filter((call) => call.project === project && call.model === data.model && call.at < until && hears(call))
      .map((call) => `through a gate that is closed from ${at} to ${until}: ${sentText(call)}`);
  });
};

/** Of an overload, in the header. */
const WAIT_MS = 3000;

/** I9: a repetition waits as long as the failure before it has asked for. */
export const hintsHonoured: Invariant = (facts) =>
  facts.calls().flatMap(({ attempts }) =>
    attempts.flatMap((call, i) => {
      const next = attempts.slice(i + 1).find(({ model }) => model === call.model);
      const isEarly = call.outcome === 'overloadedWait' && next && next.at < (call.closedAt ?? 0) + WAIT_MS - EARLY_MS;
      return isEarly ? [`sooner than asked for: ${sentText(next)}`] : [];
    }),
  );

/** What stands on the board goes out with one heartbeat, and is read with the next. */
const NOTICED_MS = 2500;

/** I9: a key that Google refuses is not used by those who come after, nor, once they have heard it, by other processes. */
export const noRefusedKey: Invariant = (facts) => {
  const benched = facts.history.of('key').filter(({ data }) => data.state === 'benched');
  return facts.calls().flatMap(({ ask, attempts }) =>
    attempts
      .filter((call) =>
        benched.some(({ order, at, process, data }) => {
          // A process that closes takes its word back.
          const isHeard = facts.isSharing && !facts.settings.closing && at + NOTICED_MS < ask.at;
          return data.project === call.project && (process === ask.process ? order < ask.order : isHeard);
        }),
      )
      .map((call) => `with a key that is refused: ${sentText(call)}`),
  );
};

/** I12: a key is taken out only where Google has refused it. */
export const onlyRefusedKeysOut: Invariant = (facts) => {
  const attempts = facts.attempts();
  return facts.history.of('key').flatMap(({ order, process, data }) => {
    if (data.state !== 'benched') return [];
    const isRefused = attempts.some(
      (call) =>
        call.process === process &&
        call.project === data.project &&
        call.order < order &&
        (call.outcome === 'dead' || call.outcome === 'denied'),
    );
    return isRefused ? [] : [`${data.key} was taken out for ${data.kind}`];
  });
};

/** How soon a refusal comes back. */
const REFUSAL_MS = 1000;

/** I9: after a gate has opened one call goes first, and the others when it is not refused, or takes longer than a refusal. */
export const onePilot: Invariant = (facts) => {
  const { guard, redis } = facts.settings;
  const isHeld = [...facts.history.of('circuit'), ...facts.history.of('queue')].some(
    ({ data }) => data.state === 'waited',
  );
  // What is held behind its turn is sent later than its turn.
  if (guard.quota.enforce === false || redis || isHeld) return [];
  const gates = facts.history.of('gate').filter(({ data }) => data.state === 'closed');
  const attempts = facts.attempts();
  return gates.flatMap(({ order, process, data }) => {
    const isSame = (one: { process: number; model: string; project: string }): boolean =>
      one.process === process && one.model === data.model && one.project === facts.projectOf(data.project);
    const next = gates.find(
      (gate) =>
        gate.order > order &&
        isSame({ ...gate.data, project: facts.projectOf(gate.data.project), process: gate.process }),
    );
    const after = attempts.filter(
      (call) => isSame(call) && call.order > order && call.order < (next?.order ?? Number.POSITIVE_INFINITY),
    );
    const [first, second] = after;
    if (!first || !second) return [];
    const back = Math.min(
      first.closedAt ?? Number.POSITIVE_INFINITY,
      first.contentAt ?? Number.POSITIVE_INFINITY,
      first.at + REFUSAL_MS - EARLY_MS,
    );
    return second.at < back ? [`beside the pilot of ${first.at}: ${sentText(second)}`] : [];
  });
};
