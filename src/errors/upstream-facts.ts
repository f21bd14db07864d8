import { FRONT_END_PAGE, type Upstream } from './gemini-error.ts';
import type { Kind } from './kinds.ts';
import type { Quota } from './quota.ts';
import { worstQuota } from './quotas.ts';
import { redact } from './redact.ts';
import type { Verdict } from './verdict.ts';

const QUOTA_KINDS: ReadonlySet<Kind | undefined> = new Set([
  'rate_limited',
  'quota_exhausted',
  'quota_zero',
  'model_overloaded',
  'billing',
]);

/** Identifiers only: Google, or a relay, can echo a prompt or a key wherever it writes words. */
const NAME = /^[\w.-]{1,64}$/;
const PATH = /^[\w.@:/-]{1,160}$/;

/** What a verdict may tell of the answer that it rests on. */
export function upstreamOf({ kind, evidence, http, reason, model }: Verdict): Upstream | undefined {
  const quota = QUOTA_KINDS.has(kind) ? quotaOf(evidence) : undefined;
  const fields = evidence.fields.map(pathOnly).filter((path) => path !== '');
  return given<Upstream>({
    status: http ?? evidence.status,
    code: evidence.code,
    reason: named(reason, NAME) ?? (evidence.html ? FRONT_END_PAGE : undefined),
    model: named(quota?.model ?? model, PATH),
    quota,
    fields: fields.length > 0 ? fields : undefined,
  });
}

function quotaOf(evidence: Verdict['evidence']): Quota | undefined {
  const quota = worstQuota(evidence.text, evidence.quotas);
  if (quota === undefined) return undefined;
  const { scope, id, metric, value, model } = quota;
  return given<Quota>({ scope, id: named(id, PATH), metric: named(metric, PATH), value, model: named(model, PATH) });
}

/** An object of those members that are known; undefined when there is none. */
function given<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T | undefined {
  const known = Object.entries(members).filter(([, value]) => value !== undefined);
  return known.length > 0 ? (Object.fromEntries(known) as T) : undefined;
}

function named(text: string | undefined, form: RegExp): string | undefined {
  return text !== undefined && form.test(text) && redact(text) === text ? text : undefined;
}

/** `tools[0].name`, without what a prompt could stand in behind it. A key that it is cut out of must not lend its beginning. */
function pathOnly(field: string): string {
  const path = field.replace(/[^\w.[\]].*/s, '').slice(0, 128);
  return redact(field).startsWith(path) ? path : '';
}
