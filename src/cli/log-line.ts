import { GeminiError } from '../errors/gemini-error.ts';
import { KINDS, type Kind } from '../errors/kinds.ts';
import { readJson } from '../errors/read-json.ts';
import { MAX_TEXT, read, readText } from '../errors/safe.ts';
import { understand } from '../errors/understand.ts';
import { withoutPrefix } from './log-prefix.ts';
import { isRecord, logfmtIn, recordIn, type Said, saidBy } from './log-record.ts';
import { insideText } from './log-text.ts';

/** Docker keeps lines of loggers in JSON of its own, and collectors keep Docker's. */
const MAX_LEVELS = 6;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour.
const COLOURS = /\u001b\[[\d;]{0,32}m/g;
/** What this package writes itself: in its log, and when an error is printed. */
const OWN = /\bGeminiError \[(\w{1,40})\]|\bgemini-guard alert: (\w{1,40})/;

/** The failure that a text tells of: an error in any form, or a line of a log that holds one. */
export function understandLine(text: string): GeminiError {
  const line = text.slice(0, MAX_TEXT * 4).replace(COLOURS, '');
  return understandSaid({ input: line, status: undefined }, 0);
}

/** What was taken out of a line says it better than the line around it: the innermost that tells a kind decides. */
function understandSaid(said: Said, level: number): GeminiError {
  const own = ownVerdict(said.input);
  if (own !== undefined) return own;
  for (const inner of level < MAX_LEVELS ? unwrapped(said) : []) {
    const error = understandSaid(inner, level + 1);
    if (error.kind !== 'unknown') return error;
  }
  return understand(said.input, { status: said.status });
}

/** What stands inside of one thing that was said; nothing where it is the error itself. */
function unwrapped({ input, status }: Said): Said[] {
  if (isRecord(input)) return saidBy(input);
  if (typeof input !== 'string') return [];
  const whole = readJson(input);
  if (typeof whole === 'string') return [{ input: whole, status }];
  if (whole !== undefined) return isRecord(whole) ? saidBy(whole) : [];
  const bare = withoutPrefix(input);
  const record = recordIn(bare) ?? logfmtIn(bare);
  if (record !== undefined) return saidBy(record);
  const inner = insideText(bare, status);
  return inner.length > 0 || bare === input.trim() ? inner : [{ input: bare, status }];
}

/** The kind that a guard has found already: in a line of its log, in an error, in an answer with `expose`. */
function ownVerdict(input: unknown): GeminiError | undefined {
  const text = typeof input === 'string' ? input : (readText(input, 'message') ?? '');
  const record = typeof input === 'string' ? (recordIn(input) ?? readJson(input)) : input;
  const ours =
    /^urn:gemini-guard:/.test(readText(record, 'type', 64) ?? '') ||
    /^gemini-guard /.test(readText(record, 'message', 64) ?? readText(record, 'msg', 64) ?? '') ||
    readText(record, 'name', 32) === 'GeminiError';
  const named = OWN.exec(text)?.[1] ?? OWN.exec(text)?.[2] ?? (ours ? readText(record, 'kind', 40) : undefined);
  if (named === undefined || !Object.hasOwn(KINDS, named)) return undefined;
  const waitMs = read(record, 'retryAfterMs');
  return new GeminiError(named as Kind, {
    retryAfterMs: typeof waitMs === 'number' && waitMs >= 0 ? waitMs : undefined,
  });
}
