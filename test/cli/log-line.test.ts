import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explanationOf } from '../../src/cli/explanation.ts';
import { explanationText } from '../../src/cli/explanation-text.ts';
import { understandLine } from '../../src/cli/log-line.ts';
import type { Line } from '../errors/corpus.ts';
import { CANARY_KEY, CANARY_PROMPT } from '../support.ts';
import { LOG_FORMATS } from './log-formats.ts';

const CORPUS = ['gemini-errors', 'public-errors'].flatMap((name) =>
  readFileSync(join(__dirname, `../corpus/${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line),
);

/** Of a success nobody logs the status. */
function failing(status: number | null): number | undefined {
  return status !== null && status >= 400 ? status : undefined;
}

describe('every real payload gets its kind as a line of', () => {
  it.each(Object.keys(LOG_FORMATS))('%s', (name) => {
    const format = LOG_FORMATS[name] as (typeof LOG_FORMATS)[string];
    const wrong = CORPUS.map((line) => ({
      id: line.id,
      kind: line.truth.kind,
      got: understandLine(format(line.raw, failing(line.httpStatus))).kind,
    })).filter(({ kind, got }) => kind !== got);
    expect(wrong).toEqual([]);
  });
});

test('no explanation repeats a key or a prompt, wherever in a line they stand', () => {
  // Other ones than those that are watched for: this line is the log of somebody who did not mind.
  const secret = `${CANARY_KEY} "${CANARY_PROMPT}"`.replaceAll('CANARY', 'OTHERS');
  for (const { raw, httpStatus } of CORPUS) {
    const inside = raw.replace(/("?message"?: ?")/, `$1${secret.replaceAll('"', '\\"')} `);
    for (const text of [`${secret} ${raw}`, `${raw} ${secret}`, inside]) {
      const line = LOG_FORMATS['winston, an error as meta']?.(text, failing(httpStatus)) as string;
      for (const said of [text, line]) {
        const explanation = explanationOf(understandLine(said), 0);
        expect(`${JSON.stringify(explanation)}${explanationText(explanation, (_, plain) => plain)}`).not.toContain(
          'OTHERS',
        );
      }
    }
  }
});

describe('a line that is', () => {
  it.each([
    [
      'a record in a record',
      JSON.stringify({ log: `${JSON.stringify({ level: 'error', msg: '403 API key expired' })}\n`, stream: 'stderr' }),
      'invalid_credentials',
    ],
    ['only a level and nothing', 'ERROR ', 'unknown'],
    [
      'an answer of Spring',
      '{"timestamp":"2026-11-25","status":503,"error":"Service Unavailable","message":"No message available","path":"/"}',
      'upstream_unavailable',
    ],
    [
      'of a guard, by pino',
      '{"level":50,"time":1,"msg":"gemini-guard request","kind":"circuit_open","status":503}',
      'circuit_open',
    ],
    ['of a guard, without a kind', '{"level":50,"message":"gemini-guard request","kind":"no kind"}', 'unknown'],
    [
      'an uncaught error',
      'Uncaught TypeError: fetch failed\n    at node:internal/deps/undici:1:2 {\n  [cause]: Error: getaddrinfo ENOTFOUND generativelanguage.googleapis.com\n}',
      'network_error',
    ],
    ['JSON with an escaped newline at the end', `${JSON.stringify('504 Deadline expired')}\n`, 'upstream_timeout'],
  ])('%s', (_, line, kind) => {
    expect(understandLine(line).kind).toBe(kind);
  });

  it('of a guard keeps the wait that it names', () => {
    const line = '{"level":"warn","message":"gemini-guard request","kind":"rate_limited","retryAfterMs":4000}';
    expect(understandLine(line).retryAfterMs).toBe(4000);
  });
});
