import { decide } from './decide.ts';
import type { Evidence } from './evidence.ts';
import { verdictOf } from './in-band.ts';
import type { Kind } from './kinds.ts';
import { bodiesOf, isError } from './links.ts';
import { finishIn } from './loose.ts';
import { kindOfNetworkCode } from './network.ts';
import { type Peeled, peel } from './peel.ts';
import { waitInHeaders } from './retry-info.ts';
import { httpStatus, MAX_TEXT, read, readText } from './safe.ts';

/** What is known besides the input itself. */
export interface Setting {
  /** HTTP status of the answer, where one is known. */
  readonly http: number | undefined;
  readonly headers: unknown;
  readonly now: () => number;
}

/** One reading of an input: a kind, where there is one, and what speaks for it. */
export interface Verdict {
  readonly kind: Kind | undefined;
  readonly evidence: Evidence;
  readonly http: number | undefined;
  readonly waitMs: number | undefined;
  readonly reason: string | undefined;
  readonly model: string | undefined;
}

/** Kinds of a connection: a `TypeError` of fetch's means one of them, any other TypeError is a bug. */
const CONNECTION: ReadonlySet<Kind | undefined> = new Set([
  'network_error',
  'tls_error',
  'upstream_timeout',
  'cancelled',
  'invalid_response',
]);

/** Kinds of a useless answer, whose reason a sentence may name. */
const STOPPED: ReadonlySet<Kind | undefined> = new Set([
  'blocked_prompt',
  'blocked_response',
  'truncated',
  'bad_model_output',
  'empty_response',
]);

const BUGS = /^(?:Type|Reference|Range|Eval|URI|Assertion)Error$/;

/** The verdict on a body, a text or any value that is no Error. */
export function verdictOfBody(input: unknown, setting: Setting): Verdict {
  const peeled = peel(input);
  const verdict = judged(peeled, setting);
  if (verdict.kind !== undefined || (setting.http ?? 400) >= 400) return verdict;
  // A success that nothing above understood: no answer of Gemini's. Nothing at all in it is an answer without content.
  const empty = typeof input === 'string' && /^\s*\{\s*\}\s*$/.test(input.slice(0, MAX_TEXT));
  return { ...verdict, kind: empty ? 'empty_response' : 'invalid_response' };
}

function judged(peeled: Peeled, { http, headers, now }: Setting): Verdict {
  const { evidence, answer, stream } = peeled;
  const waitMs = evidence.waits.length > 0 ? Math.max(...evidence.waits) : waitInHeaders(headers, now);
  const base = { evidence, http, waitMs, model: answer.model ?? evidence.model };
  if (!answer.seen || (http ?? 0) >= 400) {
    const kind = decide(evidence, http, waitMs);
    return {
      ...base,
      kind,
      reason: reasonOf(evidence) ?? (STOPPED.has(kind) ? finishIn(evidence.text) : undefined),
    };
  }
  const verdict = verdictOf(answer);
  // A stream that ends without a finishReason was cut.
  const cut = stream && answer.finish === undefined && answer.content;
  const kind = verdict?.kind ?? (cut ? 'invalid_response' : 'unknown');
  return { ...base, kind, reason: verdict?.reason };
}

function reasonOf({ reasons }: Evidence): string | undefined {
  return reasons.find((name) => /^[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/.test(name)) ?? reasons[0];
}

/** The verdict on an Error and its causes: the wire's own words first, then codes, names and sentences. */
export function verdictOfLinks(links: readonly unknown[], setting: Setting): Verdict {
  const readings = links.map((link) => readingOf(link, setting));
  const wire = readings.find(({ verdict }) => verdict.evidence.wire);
  if (wire !== undefined) return wire.verdict;
  // The innermost code is the precise one: `fetch failed` says nothing, its cause does.
  const coded = readings.findLast(({ code }) => code !== undefined);
  if (coded !== undefined) {
    return { ...coded.verdict, kind: kindOfNetworkCode(coded.code as string), reason: coded.code };
  }
  const told = readings.find(({ verdict }) => verdict.kind !== undefined && verdict.kind !== 'unknown') ?? readings[0];
  return (told as Reading).verdict;
}

interface Reading {
  readonly verdict: Verdict;
  /** A code of the connection, e.g. `ECONNRESET`. */
  readonly code: string | undefined;
}

function readingOf(link: unknown, setting: Setting): Reading {
  if (!isError(link)) return { verdict: judged(peel(link), setting), code: undefined };
  const own = httpStatus(read(link, 'status')) ?? httpStatus(read(link, 'statusCode')) ?? setting.http;
  const here = { ...setting, http: own, headers: setting.headers ?? read(link, 'headers') };
  const name = readText(link, 'name', 128) ?? 'Error';
  const message = readText(link, 'message') ?? '';
  const code = readText(link, 'code', 64);
  const bodies = bodiesOf(link).map((body) => peel(body));
  const said = peel(message);
  const body = bodies.find(({ evidence, answer }) => evidence.wire || answer.seen);
  const peeled = body ?? said;
  if (!peeled.evidence.wire && !peeled.answer.seen && name !== 'Error') {
    // Only now is the name of a class part of what is said: `ConnectTimeoutError`, `AbortError`.
    peeled.evidence.text = `${name}: ${peeled.evidence.text}`;
  }
  let verdict = judged(peeled, here);
  const { kind } = verdict;
  if (own === undefined || own < 400) {
    if (name === 'SyntaxError') verdict = { ...verdict, kind: 'invalid_response' };
    else if (BUGS.test(name) && !CONNECTION.has(kind) && !peeled.evidence.wire) {
      verdict = { ...verdict, kind: 'unknown' };
    }
  }
  return { verdict, code: code !== undefined && kindOfNetworkCode(code) !== undefined ? code : undefined };
}
