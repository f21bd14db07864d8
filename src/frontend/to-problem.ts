import type { Problem } from '../errors/problem.ts';
import { isCode, MEANINGS } from './codes.ts';
import { fromGuard } from './from-guard.ts';
import { genericProblem } from './generic-problem.ts';
import { DAY_MS, FAILED, type Fields, jsonIn, saneMs } from './sane.ts';

/** Where SDKs and fetch libraries keep what the server said. */
const INSIDE = ['problem', 'error', 'errorText', 'response', 'data', 'cause', 'message'];

/** What fetch says in Chrome, Node, Safari and Firefox when there was no answer; other TypeErrors are bugs. */
const NO_ANSWER = /^(?:failed to fetch|(?:fetch|load) failed|(?:the )?network)/i;

/**
 * Whether a value is a {@link Problem} as this version knows it. Never throws.
 * @example if (isProblem(body) && body.code === 'rate_limited') showQueue(body.retryAfterMs);
 */
export function isProblem(value: unknown): value is Problem {
  try {
    const given = value as Fields;
    const own = fromGuard(given) as unknown as Fields;
    // A problem is what cleaning leaves as it is, but for a wait of more than a day: of that a day is left.
    return Object.keys(own).every((name) => own[name] === given[name] || own[name] === DAY_MS);
  } catch {
    return false;
  }
}

/**
 * Makes a {@link Problem} of whatever a call ended in: a body or its text, what `useChat` throws, an error of a fetch
 * library, a network failure, an abort. Never throws. What nothing is known of is `internal`, and `detail` is always a
 * sentence written for visitors.
 * @example catch (error) { show(toProblem(error).detail); }
 */
export function toProblem(anything: unknown): Problem {
  return problemIn(anything) ?? genericProblem('internal');
}

/** The problem that a value holds, if it holds one. Never throws. */
export function problemIn(value: unknown): Problem | undefined {
  try {
    return find(value, 4);
  } catch {
    return undefined;
  }
}

function find(given: unknown, depth: number): Problem | undefined {
  const parsed = typeof given === 'string' ? jsonIn(given) : given;
  // Google answers some streams with a list of one error.
  const value = Array.isArray(parsed) ? parsed[0] : parsed;
  if (typeof value !== 'object' || value === null || depth < 0) return undefined;
  let problem = fromGuard(value);
  for (const name of INSIDE) problem ??= find(value[name], depth - 1);
  return problem ?? foreign(value);
}

/** An error in the words of others: only what its names and numbers mean is taken. */
function foreign({ name, message, status, code, details }: Fields): Problem | undefined {
  // All of Google's details in one object: their names do not meet.
  const { reason, retryDelay } = Object.assign({}, ...(Array.isArray(details) ? details.slice(0, 20) : []));
  const number = [status, code].map(Number).find((some) => FAILED.test(some as unknown as string)) ?? 0;
  const found = [
    // The guard in the shape of OpenAI, and in Google's.
    code,
    `${reason}`.toLowerCase(),
    name === 'TypeError' && NO_ANSWER.test(message as string) && 'overloaded',
    MEANINGS[name as string],
    MEANINGS[number],
    number >= 500 ? 'overloaded' : number && 'invalid_request',
  ].find(isCode);
  return found && genericProblem(found, saneMs(`${retryDelay}`.replace('s', ''), 1000), number || undefined);
}
