import type { Kind } from './kinds.ts';
import type { Quota } from './quota.ts';
import { items, read, readText } from './safe.ts';

/** One quota that an answer names. */
export interface QuotaFact {
  readonly id?: string | undefined;
  readonly metric?: string | undefined;
  readonly value?: number | undefined;
  readonly model?: string | undefined;
}

type Scope = NonNullable<Quota['scope']>;

/** A reset further away than this is no short limit, whatever its name (gemini-cli draws the same line). */
const LONG_WAIT_MS = 300_000;

/** Names of periods in ids (`PerDay`), metrics (`per_day`) and sentences (`per day`), the worst first. */
const SCOPES: readonly (readonly [RegExp, Scope])[] = [
  [/per[ _-]?(?:day|24h)|\bdaily\b|\btoday\b|\brpd\b|\btpd\b/i, 'day'],
  [/per[ _-]?(?:week|month|year)|\b(?:weekly|monthly)\b/i, 'other'],
  [/per[ _-]?hour|\bhourly\b/i, 'hour'],
  [/per[ _-]?(?:minute|min\b)|\b(?:rpm|tpm)\b/i, 'minute'],
  [/per[ _-]?second/i, 'second'],
];

/** QuotaFailure's violations, and the older form: ErrorInfo's metadata. */
export function quotaFacts(detail: unknown): QuotaFact[] {
  const facts: QuotaFact[] = [];
  for (const violation of items(read(detail, 'violations'), 32)) {
    const id = readText(violation, 'quotaId', 256);
    const metric = readText(violation, 'quotaMetric', 256);
    const value = count(read(violation, 'quotaValue'));
    if (id === undefined && metric === undefined && value === undefined) continue;
    facts.push({ id, metric, value, model: readText(read(violation, 'quotaDimensions'), 'model', 256) });
  }
  const metadata = read(detail, 'metadata');
  const id = readText(metadata, 'quota_limit', 256);
  const value = count(read(metadata, 'quota_limit_value'));
  if (id !== undefined || value !== undefined) {
    facts.push({ id, metric: readText(metadata, 'quota_metric', 256), value });
  }
  return facts;
}

function count(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value : undefined;
  return typeof value === 'string' && /^\d{1,18}$/.test(value) ? Number(value) : undefined;
}

// The fields of a violation in any syntax, and Google's sentence `Quota exceeded for metric: x, limit: 20, model: y`.
const FIELD =
  /\b(quota_?id|quota_?metric|quota_?value|quota_limit(?:_value)?|(?:quota )?metric|limit|model)["']{0,2}\s{0,4}(?:=>|[:=])?\s{0,4}(?:["']{1,2}([^"']{1,160})["']|(?<=[:=>]\s{0,4})([\w./:-]{1,160}))/gi;

/** The quotas that a text names. A field that was already seen begins the next quota. */
export function quotasInText(words: string): QuotaFact[] {
  const facts: Record<string, string>[] = [];
  let current: Record<string, string> = {};
  for (const match of words.matchAll(FIELD)) {
    const value = (match[2] ?? match[3]) as string;
    const name = FIELDS[(match[1] as string).toLowerCase().replaceAll('_', '')] as string;
    // Older texts call the id a limit: "for quota metric 'x' and limit 'GenerateRequestsPerDay'". Any other word may be a prompt's.
    const isNamed = name === 'value' && !/^\d/.test(value);
    if (isNamed && !/\wPer[A-Z]|_per_/.test(value)) continue;
    const key = isNamed ? 'id' : name;
    if (key in current) current = {};
    if (Object.keys(current).length === 0) facts.push(current);
    current[key] = value;
    if (facts.length > 32) break;
  }
  return (
    facts
      // A limit without a name may be one of bytes.
      .filter((fact) => fact.id !== undefined || fact.metric !== undefined)
      .map(({ id, metric, value, model }) => ({
        id,
        metric: metric?.replace(/(?<![.:])[.:]+$/, ''),
        value: value === undefined ? undefined : Number.parseInt(value, 10),
        model,
      }))
  );
}

const FIELDS: Readonly<Record<string, string>> = {
  quotaid: 'id',
  quotalimit: 'id',
  quotametric: 'metric',
  'quota metric': 'metric',
  metric: 'metric',
  quotavalue: 'value',
  quotalimitvalue: 'value',
  limit: 'value',
  model: 'model',
};

/** Words of a limit that is no small number but none at all: the project or model has no quota to wait for. */
const NONE =
  /\blimit["']?\s{0,2}[:=]\s{0,2}["']?0(?![.\d])|\bno (?:free )?(?:tier )?quota\b|(?:n't|not) have (?:a |any )?(?:free )?(?:quota|tier)|\bnot (?:available|included|supported) (?:in|on|for|with) (?:the |your )?free|\bmigrate to\b|\bfree (?:tier|quota) (?:is|was|has been) (?:removed|withdrawn|discontinued|not available)/;

const CAPACITY =
  /\bover(?:loaded|load)\b|\b(?:high|heavy|excessive) (?:demand|load|traffic)|\b(?:no|lack of|insufficient|out of|not enough|limited|at(?: full)?|exceeds) capacity\b|\bcapacity (?:is )?(?:exhausted|unavailable|constrain|limits?|reached|exceeded|shortage)|\bresources? (?:has been |have been |is |are )?exhausted[.,]? ?(?:please )?(?:try|retry)|\bcurrently (?:over)?loaded\b|\bflex .{0,40}(?:shed|capacity)/;

/** A quota that has a reset to wait for, where no wait is stated. */
const RESETS = /\bresets?\b|\boverages?\b|\bquota (?:is |was |has been )?(?:reached|used up)\b/;

const SHORT_SPEND = /\bspend\w*\b.{0,60}\b(?:minutes?|rolling|short[- ]term)\b|\bminutes?\b.{0,40}\bspend/;

export function isCapacity(words: string): boolean {
  return CAPACITY.test(words);
}

export function isShortSpend(words: string): boolean {
  return SHORT_SPEND.test(words);
}

/** Which of the kinds of "too much" it is. Of several violations the worst counts: no quota, no capacity, day, short. */
export function kindOfQuota(words: string, quotas: readonly QuotaFact[], waitMs: number | undefined): Kind {
  if (quotas.some(({ value }) => value === 0) || NONE.test(words)) return 'quota_zero';
  if (quotas.length === 0 && isCapacity(words)) return 'model_overloaded';
  const scope = scopeOf(words, quotas);
  if (scope === undefined && waitMs === undefined && RESETS.test(words)) return 'quota_exhausted';
  if (scope === 'day' || (waitMs ?? 0) > LONG_WAIT_MS || /\b(?:weekly|monthly|per (?:week|month))\b/.test(words)) {
    return 'quota_exhausted';
  }
  return 'rate_limited';
}

/** How often the worst of the named quotas refills; the sentence counts only where no id tells. */
export function scopeOf(words: string, quotas: readonly QuotaFact[]): Scope | undefined {
  return scopeOfNames(quotas) ?? scopeIn(words) ?? (quotas.length > 0 ? 'other' : undefined);
}

function scopeOfNames(quotas: readonly QuotaFact[]): Scope | undefined {
  return scopeIn(quotas.flatMap(({ id, metric }) => [id, metric]).join(' '));
}

function scopeIn(text: string): Scope | undefined {
  return SCOPES.find(([pattern]) => pattern.test(text))?.[1];
}

/** The quota to report: the one that explains the verdict, else the first. */
export function worstQuota(
  words: string,
  quotas: readonly QuotaFact[],
): (QuotaFact & { readonly scope: Scope }) | undefined {
  const worst =
    quotas.find(({ value }) => value === 0) ??
    quotas.find((quota) => scopeOfNames([quota]) === 'day') ??
    quotas.find(({ id }) => id !== undefined) ??
    quotas[0];
  const scope = scopeOf(words, quotas);
  if (scope === undefined) return undefined;
  // A sentence states the limit and the details beside it the id.
  const { metric } = worst ?? {};
  const id = worst?.id ?? quotas.find((quota) => quota.metric === metric && quota.id !== undefined)?.id;
  return { ...worst, scope, id };
}
