import { isGeminiError } from '../../../src/errors/gemini-error.ts';
import { CODES, KINDS } from '../../../src/errors/kinds.ts';
import type { Sent } from '../world/history.ts';
import { type Invariant, sentText } from './facts.ts';

const LATE_MS = 50;
/** A `countTokens` on the side. */
const COUNT_MS = 5000;
const BODY_BYTES = 4096;

/** I1: each visitor gets exactly one answer, none after he has gone, and each request is recorded once. */
export const oneAnswerEach: Invariant = (facts) => {
  const { outcomes, asks, settings } = facts.history;
  const found: string[] = [];
  if (outcomes.length !== settings.visitors.length) {
    found.push(`${settings.visitors.length} visitors, ${outcomes.length} outcomes`);
  }
  for (const { visitor, wire } of outcomes) {
    if (!wire) continue;
    const answers = wire.text.split('HTTP/1.1 ').length - 1;
    if (answers > 1 || (answers === 0 && !wire.isClosedByVisitor))
      found.push(`visitor ${visitor} got ${answers} answers`);
    if (wire.writtenAfter > 0) found.push(`visitor ${visitor} was written to after he had left`);
  }
  for (const [i, ask] of asks.entries()) if (ask.endedAt === undefined) found.push(`call ${i} has never ended`);
  const records = facts.history.of('answer').filter(({ process }) => !facts.isClosed(process));
  const isOpen = ({ process }: { process: number }): boolean => !facts.isClosed(process);
  const late = facts.history.late.length;
  const bare = settings.visitors.map(({ manner }) => manner === 'bare');
  const expected =
    settings.visitors.filter((visitor) => visitor.manner !== 'bare' && isOpen(visitor)).length +
    asks.filter((ask) => bare[ask.visitor] && isOpen(ask)).length +
    late;
  if (records.length !== expected) found.push(`${expected} requests, ${records.length} records`);
  return found;
};

/** I7: an answer comes before its deadline, an attempt ends within its own limits, and a silent stream is given up. */
export const inTime: Invariant = (facts) => {
  const { attemptMs, firstByteMs, idleMs } = facts.settings.guard.timeout;
  const found: string[] = [];
  for (const [i, { ask, attempts }] of facts.calls().entries()) {
    const { isStream, answeredAt, endedAt = Number.POSITIVE_INFINITY } = ask;
    const end = isStream ? (answeredAt ?? endedAt) : endedAt;
    // One that begins when the time of its visitor is up is refused at once.
    const deadline = Math.max(ask.at, facts.deadlineOf(ask));
    if (end > deadline + LATE_MS) found.push(`call ${i} was answered ${end - deadline} ms late`);
    for (const { at, headAt, contentAt, closedAt = Number.POSITIVE_INFINITY } of attempts) {
      const mostMs = isStream && headAt === undefined ? Math.min(firstByteMs, attemptMs) : attemptMs;
      const tookMs = (contentAt ?? closedAt) - at;
      if (tookMs > mostMs + LATE_MS) found.push(`an attempt of call ${i} took ${tookMs} ms of ${mostMs}`);
    }
    const { reading } = readingOf(facts.settings, ask.visitor);
    const last = attempts.at(-1);
    if (!isStream || answeredAt === undefined || reading !== 'all' || !last) continue;
    const silentMs = endedAt - Math.max(answeredAt, last.lastAt ?? 0);
    if (silentMs > idleMs + LATE_MS) found.push(`call ${i} was silent for ${silentMs} ms of ${idleMs}`);
  }
  for (const { at, method, closedAt = Number.POSITIVE_INFINITY } of facts.history.sent) {
    if (method === 'countTokens' && closedAt - at > COUNT_MS + LATE_MS) found.push(`a count took ${closedAt - at} ms`);
  }
  return found;
};

/** All questions of one visitor, where they are read alike. */
function readingOf({ visitors }: { visitors: readonly { questions: readonly { reading: string }[] }[] }, i: number) {
  const readings = new Set(visitors[i]?.questions.map(({ reading }) => reading) ?? ['all']);
  return { reading: readings.size === 1 ? [...readings][0] : 'mixed' };
}

/** I13: whatever fails is a GeminiError, and is answered as a problem of at most 4 KB whose status is its code's. */
export const normalised: Invariant = ({ history }) => {
  const found: string[] = [];
  for (const { error } of history.asks) {
    if (error !== undefined && !isGeminiError(error)) found.push(`a call failed with ${String(error)}`);
  }
  for (const { visitor, wire } of history.outcomes) {
    const [head = '', body = ''] = wire?.text.split('\r\n\r\n') ?? [];
    const status = Number(/^HTTP\/1.1 (\d+)/.exec(head)?.[1] ?? 200);
    if (status === 200) continue;
    const fault = problemFault(status, body);
    if (fault) found.push(`visitor ${visitor}: ${fault}`);
  }
  return found;
};

function problemFault(status: number, body: string): string | undefined {
  if (status < 400 || status > 599) return `status ${status}`;
  if (Buffer.byteLength(body) > BODY_BYTES) return `${Buffer.byteLength(body)} bytes`;
  try {
    const { code, status: told } = JSON.parse(body) as { code: keyof typeof CODES; status: number };
    return CODES[code]?.status === status && told === status ? undefined : `${status} with ${body}`;
  } catch {
    return `no JSON: ${body.slice(0, 100)}`;
  }
}

/** Answers that are whole. */
const WHOLE: ReadonlySet<string> = new Set<Sent['outcome']>(['good', 'slow']);

/** I13: what is passed for an answer is a whole one; and a whole one, in time and for somebody who waits, is passed. */
export const wholeAnswers: Invariant = (facts) =>
  facts.calls().flatMap(({ ask, attempts }, i) => {
    const last = attempts.at(-1);
    const { reading } = readingOf(facts.settings, ask.visitor);
    if (!last || (reading !== 'all' && reading !== 'slow')) return [];
    // Of an answer in one piece there is no part.
    const isWhole = WHOLE.has(last.outcome) || (last.outcome === 'unfinished' && !ask.isStream);
    if (ask.error === undefined) return isWhole ? [] : [`call ${i} was answered by ${sentText(last)}`];
    const isEarly = facts.leftAt(ask) < Number.POSITIVE_INFINITY || facts.isClosed(ask.process) || isTimeout(ask.error);
    return last.outcome === 'good' && last.contentAt !== undefined && !isEarly
      ? [`call ${i} failed with ${String(ask.error)} on ${sentText(last)}`]
      : [];
  });

function isTimeout(error: unknown): boolean {
  return isGeminiError(error) && KINDS[error.kind].code === 'timeout';
}

/** I14: nothing is thrown that nobody catches. */
export const nothingUncaught: Invariant = ({ history }) =>
  history.uncaught.map((thrown) => `uncaught: ${String(thrown)}`);

/** I16: once faults are over, and the times that Google named, everybody is answered. */
export const recovers: Invariant = ({ history }) => {
  // Where Google has refused all keys somebody must act.
  const out = new Set(history.of('key').flatMap(({ data }) => (data.state === 'benched' ? [data.key] : [])));
  if (out.size > 0 && out.size === history.settings.keys) return [];
  return history.late
    .filter(({ isAnswered }) => !isAnswered)
    .map(({ at, error }) => `not answered at ${Math.round(at)}, after all faults: ${JSON.stringify(error)}`);
};
