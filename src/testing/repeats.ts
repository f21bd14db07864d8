import type { Call } from './record.ts';

/** A call that repeats one that failed. */
export interface Repeat {
  readonly call: Call;
  readonly failed: Call;
  /** How often this request has been sent by now, the first time included. */
  readonly attempt: number;
}

/**
 * Which call repeats which: the same request, sent after an answer that was a failure. A fake cannot see who is
 * calling, so it tells requests apart by their URL and body; who asks the same thing twice at once is two requests.
 */
export function repeatsOf(calls: readonly Call[]): Map<Call, Repeat> {
  const found = new Map<Call, Repeat>();
  // By request: the failed calls that nobody has repeated yet.
  const open = new Map<string, Call[]>();
  for (const call of calls) {
    const request = `${call.httpMethod} ${call.path}\n${JSON.stringify(call.body)}`;
    const same = open.get(request) ?? [];
    open.set(request, same);
    const at = same.findLastIndex((other) => hasFailed(other) && (other.endedAt as number) <= call.at);
    const [failed] = at >= 0 ? same.splice(at, 1) : [];
    if (failed) found.set(call, { call, failed, attempt: (found.get(failed)?.attempt ?? 1) + 1 });
    same.push(call);
  }
  return found;
}

/** Whoever gave up on a call, or lost its connection, has a failure too. */
function hasFailed({ status, outcome, endedAt }: Call): boolean {
  return endedAt !== undefined && (outcome !== 'answered' || status === undefined || status >= 400);
}
