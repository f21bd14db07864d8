import { understand } from '../../src/errors/understand.ts';
import { CORPUS, type Line } from './corpus.ts';
import { VOCABULARY } from './vocabulary.ts';
import { SECOND_VOCABULARY, SHAPES } from './vocabulary-more.ts';

// The rules are to know words, not lines: so each line is changed in ways that change nothing of its meaning.

const isJson = (raw: string): boolean => {
  try {
    return typeof JSON.parse(raw) === 'object';
  } catch {
    return false;
  }
};
const isAnswer = (line: Line): boolean => /"(?:candidates|promptFeedback|predictions)"/.test(line.raw);
const isError = (line: Line): boolean => isJson(line.raw) && !isAnswer(line) && /"error"/.test(line.raw);

/** Python's repr of parsed JSON. */
function repr(value: unknown): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    return value.includes("'")
      ? JSON.stringify(value)
      : `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"')}'`;
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  return `{${Object.entries(value as object)
    .map(([key, item]) => `'${key}': ${repr(item)}`)
    .join(', ')}}`;
}

const wrapped = (line: Line, message: string): string =>
  JSON.stringify({ error: { message, code: line.httpStatus ?? 500, status: 'Error' } });

/** `[name, which lines, how]`. */
const CHANGES: readonly (readonly [string, (line: Line) => boolean, (line: Line) => string])[] = [
  ['JSON in JSON', (line) => isError(line) && line.httpStatus !== null, (line) => wrapped(line, line.raw)],
  [
    'JSON in JSON in JSON',
    (line) => isError(line) && line.httpStatus !== null,
    (line) => wrapped(line, wrapped(line, line.raw)),
  ],
  ['a list', (line) => isError(line) && !Array.isArray(JSON.parse(line.raw)), (line) => `[${line.raw}]`],
  ['a JSON string', isError, (line) => JSON.stringify(line.raw)],
  ['other white space', (line) => isError(line), (line) => JSON.stringify(JSON.parse(line.raw), null, 3)],
  ['no white space', (line) => isError(line), (line) => JSON.stringify(JSON.parse(line.raw))],
  ['a prefix of an SDK', isError, (line) => `got status: UNAVAILABLE. ${line.raw}`],
  ['a prefix of an app', isError, (line) => `Failed to generate the summary: ${line.raw}`],
  ['a log line', isError, (line) => `2026-11-20T10:00:00Z WARN [worker-3] call failed ${line.raw} (will not retry)`],
  ['the repr of Python', isError, (line) => `google.genai.errors.APIError: ${repr(JSON.parse(line.raw))}`],
  ['a stream event', isError, (line) => `data: ${JSON.stringify(JSON.parse(line.raw))}\n\n`],
  ['typographic quotes', isError, (line) => line.raw.replaceAll('"', '”')],
  [
    'a stream of one answer',
    (line) => isJson(line.raw) && isAnswer(line),
    (line) => `data: ${JSON.stringify(JSON.parse(line.raw))}\n\n`,
  ],
  [
    'another model',
    () => true,
    (line) => line.raw.replace(/gemini-\d(?:\.\d)?-(?:pro|flash)(?!-exp)/g, 'gemini-9.9-ultra'),
  ],
  ['another project', () => true, (line) => line.raw.replace(/projects\/\w+/g, 'projects/987654321098')],
  [
    'other amounts',
    () => true,
    (line) =>
      line.raw.replace(/(limit: |"quotaValue": "|allowed \(?)([1-9]\d*)/g, (_all, before: string) => `${before}77`),
  ],
  [
    'other waits',
    (line) => line.truth.kind !== 'quota_exhausted',
    (line) => line.raw.replace(/\b\d+\.\d{6,9}s\b/g, '7.123456789s').replace(/(retryDelay\W{1,8})\d+s/g, '$17s'),
  ],
  ['line ends of Windows', (line) => line.surface !== 'sse', (line) => line.raw.replace(/\r?\n/g, '\r\n')],
  ['cut off behind the message', (line) => isError(line) && !toldByDetails(line), (line) => cutBehindMessage(line.raw)],
];

function cutBehindMessage(raw: string): string {
  const parsed = JSON.parse(raw) as unknown;
  const compact = JSON.stringify(parsed);
  const at = compact.indexOf('"details"');
  return at < compact.indexOf('"message"') ? compact : compact.slice(0, at);
}

/** What only the cut-off details said cannot be known any more. */
function toldByDetails({ raw, truth }: Line): boolean {
  return (
    ['quota_exhausted', 'quota_zero', 'unsupported_media'].includes(truth.kind) ||
    /DebugInfo|CONSUMER_INVALID/.test(raw)
  );
}

describe.each(CHANGES)('as %s', (_change, which, how) => {
  const lines = CORPUS.filter(which);
  it.each(lines.map((line) => [line.id, line.truth.kind, line] as const))('%s is %s', (_id, kind, line) => {
    const { httpStatus: status, contentType } = line;
    expect(understand(how(line), { status, contentType }).kind).toBe(kind);
  });
});

describe('texts that the rules were not written for', () => {
  const all = [
    ...[...VOCABULARY, ...SECOND_VOCABULARY].map(([kind, status, raw]) => [kind, undefined, status, raw] as const),
    ...SHAPES,
  ];
  it.each(
    all.map(([kind, waitMs, status, raw]) => [raw.slice(0, 70), kind, waitMs, status, raw] as const),
  )('%s… is %s', (_name, kind, waitMs, status, raw) => {
    const understood = understand(raw, { status });
    expect(understood.kind).toBe(kind);
    if (waitMs !== undefined) expect(understood.retryAfterMs ?? null).toBe(waitMs);
  });
});
