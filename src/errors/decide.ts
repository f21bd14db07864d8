import type { Evidence } from './evidence.ts';
import type { Kind } from './kinds.ts';
import { ruleText } from './plain-text.ts';
import * as steps from './steps.ts';

/** What is said first says what it is; a megabyte of quoted request behind it does not. */
const MAX_WORDS = 6000;

/**
 * The order of the decision. Nothing of the wire's makes it the connection's or this process's own failure; then machine
 * words before sentences, and what somebody has to cure before what passes by itself.
 */
const STEPS: readonly ((the: steps.Case) => Kind | undefined)[] = [
  steps.frontEndPage,
  steps.ourBug,
  steps.connectionCode,
  steps.quotedRequest,
  steps.reason,
  steps.quota,
  steps.money,
  steps.identity,
  steps.unparsed,
  steps.finished,
  steps.sizes,
  steps.media,
  steps.policy,
  steps.missing,
  steps.model,
  steps.health,
  steps.byCode,
  steps.output,
  steps.bySentence,
];

/** The kind that the evidence speaks for, or undefined where nothing is known. */
export function decide(evidence: Evidence, http: number | undefined, waitMs: number | undefined): Kind | undefined {
  const failed = (status: number | undefined): number | undefined => ((status ?? 0) >= 400 ? status : undefined);
  const status = failed(evidence.status) ?? failed(http);
  const the: steps.Case = {
    evidence,
    words: ruleText(evidence.text.slice(0, MAX_WORDS)),
    status,
    code: evidence.code,
    waitMs,
  };
  for (const step of STEPS) {
    const kind = step(the);
    if (kind !== undefined) return kind;
  }
  return undefined;
}
