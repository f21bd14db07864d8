import type { Call } from './record.ts';
import { refusalOf } from './refusal.ts';
import { type Repeat, repeatsOf } from './repeats.ts';
import { number, refuseUnknown } from './settings.ts';

/**
 * What a polite client does not do.
 * `early-retry`: repeats a call before the wait that its answer named is over.
 * `hopeless-retry`: repeats with the same key what cannot succeed: a 400, 401, 403 or 404, a day's quota that is used up.
 * `closed-quota`: calls a project and model whose quota has told when it opens again.
 * `retry-storm`: sends one request more often than `attempts`.
 * `left-open`: leaves a call open that nobody waits for any more.
 */
export type Rule = 'early-retry' | 'hopeless-retry' | 'closed-quota' | 'retry-storm' | 'left-open';

/** One thing that the client under test did and should not have done. */
export interface Verdict {
  readonly rule: Rule;
  /** One sentence with the proof, in numbers. */
  readonly message: string;
  /** Where the proof is in `calls`, in order of arrival. */
  readonly calls: readonly number[];
}

export interface PolitenessOptions {
  /**
   * How often one request may be sent, the first time included.
   * @default 6
   */
  readonly attempts?: number;
  /**
   * How long to wait for open calls to end, in ms of real time, before they count as left open.
   * @default 250
   */
  readonly graceMs?: number;
}

/** Timers of Node may be early by a millisecond or two, and who calls has a clock of its own. */
const EARLY_MS = 5;

export function readPoliteness(options: PolitenessOptions): Required<PolitenessOptions> {
  refuseUnknown('politeness', options, ['attempts', 'graceMs']);
  return {
    attempts: number('politeness', 'attempts', options.attempts, 6),
    graceMs: number('politeness', 'graceMs', options.graceMs, 250),
  };
}

/** The verdicts on all calls so far. */
export function politeness(calls: readonly Call[], attempts: number): Verdict[] {
  const index = new Map(calls.map((call, i) => [call, i]));
  const verdict = (rule: Rule, message: string, ...proof: readonly Call[]): Verdict => ({
    rule,
    message,
    calls: proof.map((call) => index.get(call) as number),
  });
  const repeats = repeatsOf(calls);
  const found: Verdict[] = [];
  for (const repeat of repeats.values()) {
    const { call, failed } = repeat;
    const proof = reproach(repeat);
    if (proof) {
      const after = call.at - (failed.endedAt as number);
      found.push(verdict(proof.rule, `The call came again after ${after} ms, ${proof.although}.`, failed, call));
    }
    // Once for each request, however long it goes on.
    if (repeat.attempt !== attempts + 1) continue;
    const chain = chainOf(repeats, call);
    const took = call.at - (chain[0] as Call).at;
    found.push(verdict('retry-storm', `One request came ${chain.length} times in ${took} ms, or more.`, ...chain));
  }
  for (const refused of calls) {
    const during = callsDuring(calls, refused, repeats);
    const where = `${refused.model} of ${refused.project}`;
    const message = `${during.length} calls came to ${where} while its quota was known to be closed.`;
    if (during.length > 0) found.push(verdict('closed-quota', message, refused, ...during));
  }
  for (const call of calls.filter(({ endedAt }) => endedAt === undefined)) {
    found.push(verdict('left-open', `The call to ${call.method} is still open: nobody has cancelled it.`, call));
  }
  return found;
}

/** What is wrong with a repeat, if anything is. */
function reproach({ call, failed }: Repeat): { rule: Rule; although: string } | undefined {
  const { hopeless, waitMs } = refusalOf(failed);
  if (hopeless !== undefined && failed.keyLabel === call.keyLabel) {
    return { rule: 'hopeless-retry', although: `with the same key, although it had failed for ${hopeless}` };
  }
  const early = waitMs !== undefined && call.at < (failed.endedAt as number) + waitMs - EARLY_MS;
  if (!early || failed.project !== call.project) return undefined;
  return { rule: 'early-retry', although: `although its answer had asked for ${waitMs} ms` };
}

/** The calls that came to a quota between its refusal and the time that this named; repeats have verdicts of their own. */
function callsDuring(calls: readonly Call[], refused: Call, repeats: ReadonlyMap<Call, Repeat>): Call[] {
  const { quota, waitMs } = refusalOf(refused);
  const { endedAt, project, model } = refused;
  if (!quota || waitMs === undefined || endedAt === undefined) return [];
  const opens = endedAt + waitMs - EARLY_MS;
  const inTime = ({ at }: Call): boolean => at > endedAt + EARLY_MS && at < opens;
  return calls.filter(
    (call) =>
      inTime(call) &&
      call.project === project &&
      call.model === model &&
      // Counting tokens is free, and counted apart.
      call.method !== 'countTokens' &&
      repeats.get(call)?.failed !== refused,
  );
}

/** A call and all that it repeats, the oldest first. */
function chainOf(repeats: ReadonlyMap<Call, Repeat>, last: Call): Call[] {
  const chain = [last];
  for (let repeat = repeats.get(last); repeat; repeat = repeats.get(repeat.failed)) chain.unshift(repeat.failed);
  return chain;
}
