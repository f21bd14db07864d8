import type { Problem } from '../errors/problem.ts';
import { isCode } from './codes.ts';
import { genericProblem } from './generic-problem.ts';
import { FAILED, type Fields, saneMs } from './sane.ts';

/** A text for people: neither markup nor a novel. */
const PLAIN = /^[^<]{1,500}$/;
/** What may stand in an `href`: `javascript:` may not. */
const LINK = /^(?:urn:|https?:|\/)/;

const MEMBERS: Readonly<Record<string, RegExp>> = {
  type: LINK,
  title: PLAIN,
  status: FAILED,
  detail: PLAIN,
  instance: LINK,
  retryable: PLAIN,
  source: /^(?:upstream|guard|caller)$/,
  requestId: PLAIN,
};

/** A problem as a guard writes it, in a fresh copy of what is understood. May throw what a hostile value throws. */
export function fromGuard(value: Fields): Problem | undefined {
  const { code, retryable } = value;
  if (typeof code !== 'string' || typeof retryable !== 'boolean') return undefined;
  // A code of a later version: what to do is in `retryable` and `status`, which this version understands.
  const problem: Problem = genericProblem(isCode(code) ? code : 'internal', saneMs(value.retryAfterMs));
  const members = problem as unknown as Record<string, unknown>;
  for (const [name, form] of Object.entries(MEMBERS)) {
    const member = value[name];
    // Of the type that the generic problem has there.
    if (typeof member === typeof members[name] && form.test(member as string)) members[name] = member;
  }
  return problem;
}
