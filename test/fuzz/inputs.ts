import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CANARY_KEY, CANARY_PROMPT } from '../support.ts';

export const MOST = 65_536;

const read = (file: string): { raw: string }[] =>
  readFileSync(join(__dirname, '../corpus', file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Real failures, and what streams and addresses look like. */
export const SEEDS: readonly string[] = [
  ...[...read('gemini-errors.jsonl'), ...read('public-errors.jsonl')].map(({ raw }) => raw),
  'data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5}}\r\n\r\n',
  'event: error\ndata: {"type":"urn:gemini-guard:overloaded","code":"overloaded","status":503,"retryable":true}\n\n',
  '{"type":"done"}\n{"type":"error","problem":{"code":"internal"}}\n',
  '{"level":"error","time":1,"err":{"type":"ApiError","message":"{\\"error\\":{\\"code\\":429}}","stack":"ApiError: x\\n    at y"}}',
  'level=error msg="got status: UNAVAILABLE. {\\"error\\":{}}" status=503',
  'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent?key=x',
  'Tue, 24 Nov 2026 12:00:05 GMT',
  '2001:db8::1',
];

/** What the parsers look for. */
const WORDS: readonly string[] = [
  ...[
    'retry in ',
    '"retryDelay":"',
    'seconds: ',
    '5s',
    '1e999s',
    '{"error":',
    '"code":',
    '"message":"',
    '"details":[',
    '}',
    ']',
    '"',
  ],
  ...[
    'data: ',
    'event: error\n',
    '\n\n',
    '\r',
    '[',
    '<html>',
    '<style>',
    '<',
    '&nbsp;',
    '\\',
    '\\"',
    '\\u0022',
    ' at (file:',
    'key=',
  ],
  ...[
    'limit: 0',
    'quota',
    'prompt ',
    'blocked',
    'RESOURCE_EXHAUSTED',
    'API_KEY_INVALID',
    'finishReason: ',
    '\u0000',
    '\u001b[31m',
  ],
  ...[
    '\u2028',
    '\u202e',
    '\ud800',
    '\u{1f600}',
    '1'.repeat(40),
    '-',
    'NaN',
    'null',
    '__proto__',
    'Bearer ',
    'models/',
    'level=error msg="',
  ],
  CANARY_KEY,
  CANARY_PROMPT,
];

/** In place of a value of JSON. */
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  429,
  '',
  'x',
  [],
  {},
  [[]],
  { toString: 1, valueOf: 1 },
  '5s',
  'NaN',
  'constructor',
];

type Random = () => number;

const upTo = (random: Random, n: number): number => Math.floor(random() * n);
const oneOf = <T>(random: Random, list: readonly T[]): T => list[upTo(random, list.length)] as T;

type Change = (text: string, random: Random, other: string) => string;

const cut = (text: string, random: Random): [string, string, string] => {
  const [a = 0, b = 0] = [upTo(random, text.length + 1), upTo(random, text.length + 1)].sort((x, y) => x - y);
  return [text.slice(0, a), text.slice(a, b), text.slice(b)];
};

/** Puts something in place of a value somewhere in JSON, found by a walk that stops by chance. */
function changeValue(text: string, random: Random, by: (old: unknown) => unknown): string {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return text;
  }
  let owner = { root } as Record<string, unknown>;
  let name = 'root';
  const whole = owner;
  for (let depth = 0; depth < 12; depth++) {
    const here = owner[name];
    if (typeof here !== 'object' || here === null || random() < 0.2) break;
    const names = Object.keys(here);
    if (names.length === 0) break;
    owner = here as Record<string, unknown>;
    name = oneOf(random, names);
  }
  owner[name] = by(owner[name]);
  return JSON.stringify(whole.root) ?? '';
}

const CHANGES: readonly Change[] = [
  (text, random, other) => cut(text, random)[0] + cut(other, random)[2],
  (text, random) => text.slice(0, upTo(random, text.length + 1)),
  (text, random) => text.slice(upTo(random, text.length + 1)),
  (text, random) => {
    const [before, piece, after] = cut(text, random);
    return before + piece + piece + after;
  },
  (text, random) => {
    const [before, , after] = cut(text, random);
    return before + after;
  },
  (text, random) => {
    const [before, , after] = cut(text, random);
    return before + oneOf(random, WORDS) + after;
  },
  (text, random) => {
    const [before, piece] = cut(text, random);
    return before + piece.slice(0, 40).repeat(1 + upTo(random, 2000));
  },
  (_text, random) => oneOf(random, WORDS).repeat(1 + upTo(random, 4000)),
  (text, random) => changeValue(text, random, () => oneOf(random, VALUES)),
  (text, random) => changeValue(text, random, (old) => [old, old]),
  (text, random, other) => changeValue(text, random, () => other),
  (text, random) => {
    const depth = upTo(random, 300);
    return changeValue(text, random, (old) => {
      let deep = old;
      for (let i = 0; i < depth; i++) deep = random() < 0.5 ? [deep] : { error: deep };
      return deep;
    });
  },
  (text, random) => `${'{"error":'.repeat(upTo(random, 5000))}${text}`,
  (text) => JSON.stringify(text),
  (text) => JSON.stringify({ error: { message: text, code: 500 } }),
  (text) => `data: ${text}\n\n`,
  (text) => encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '')),
  (text) => text.toUpperCase(),
  (text) => [...text].reverse().join(''),
  (text) => text.replace(/\d/g, '9'),
  (text) => `Error: ${text}\n    at x (file:///y.js:1:1)`,
];

/** One input: a seed, changed some times. */
export function makeInput(random: Random): string {
  let text = oneOf(random, SEEDS);
  const times = 1 + upTo(random, 5);
  for (let i = 0; i < times; i++) text = oneOf(random, CHANGES)(text, random, oneOf(random, SEEDS)).slice(0, MOST);
  return text;
}
