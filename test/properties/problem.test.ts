import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { CODES, KINDS } from '../../src/errors/kinds.ts';
import { answerWaitMs, problemOf } from '../../src/errors/problem.ts';
import { isProblem, type Problem, ProblemError, retryAfterMs, toProblem } from '../../src/frontend/index.ts';
import { formatted } from '../../src/http/format.ts';
import { anything, geminiError, googleError, thrown, words } from './arbitraries.ts';
import { atMost, property, same } from './property.ts';

const schema = JSON.parse(readFileSync(join(__dirname, '../../schema/problem.schema.json'), 'utf8'));
const isValid = new Ajv2020().compile(schema);
const DAY_MS = 86_400_000;

const requestId = fc.oneof(fc.uuid(), fc.stringMatching(/^[\w.-]{8,128}$/));
const options = fc.record({ requestId, typeBase: fc.webUrl(), expose: fc.boolean() }, { requiredKeys: ['requestId'] });

property('every failure is a problem of the schema', [geminiError, options], (error, given) => {
  const problem = JSON.parse(JSON.stringify(problemOf(error, given)));
  same([isValid(problem), isValid.errors], [true, null]);
  same(
    Object.keys(problem).filter((name) => !(name in schema.properties)),
    [],
  );
});

property('the browser reads a problem as the server wrote it', [geminiError, options], (error, given) => {
  const problem = plain(problemOf(error, { ...given, expose: false })) as Problem;
  same(isProblem(problem), true);
  const wait = problem.retryAfterMs === undefined ? {} : { retryAfterMs: Math.min(problem.retryAfterMs, DAY_MS) };
  const expected = { ...problem, ...wait };
  same(plain(toProblem(problem)), expected);
  same(plain(toProblem(JSON.stringify(problem))), expected);
  same(plain(toProblem(new Error(JSON.stringify(problem)))), expected);
  same(plain(toProblem({ response: { data: problem } })), expected);
  same(plain(toProblem(new ProblemError(problem))), expected);
});

property(
  "in the shapes of Google's and OpenAI's clients the browser finds the same verdict",
  [geminiError, requestId, fc.constantFrom('google', 'openai')],
  (error, id, format) => {
    const problem = problemOf(error, { requestId: id });
    const { body } = formatted(problem, error, { format }, undefined);
    const { code, status, retryable } = toProblem(JSON.parse(body));
    same([code, status], [problem.code, CODES[problem.code].status]);
    // That these shapes cannot tell: whether this failure is an exception of its code.
    same(retryable, CODES[problem.code].retryable);
  },
);

property('headers and body name the same wait, the headers in whole seconds', [geminiError, requestId], (error, id) => {
  const problem = problemOf(error, { requestId: id });
  const told = error.headers['retry-after'];
  same(told === undefined, problem.retryAfterMs === undefined);
  if (told === undefined) return;
  same(Number(told), Math.max(1, Math.ceil((problem.retryAfterMs as number) / 1000)));
  same(retryAfterMs(error.headers), Math.min(Number(told) * 1000, DAY_MS));
  same(problem.retryAfterMs, Math.ceil(answerWaitMs(error) as number));
});

// Arbitrary values cost more to make than to read.
property(
  'whatever a call ended in becomes a problem, whose words are ours',
  [fc.oneof(thrown, anything, problems())],
  (value) => {
    const problem = toProblem(value);
    same([problem, isProblem(problem)], [problem, true]);
    expect(problem.detail).toMatch(/^[^<]{1,500}$/);
    atMost(problem.retryAfterMs ?? 0, DAY_MS);
    same(typeof isProblem(value), 'boolean');
  },
  { share: 0.5 },
);

property('the words of Google never come through the browser module', [googleError], (body) => {
  const { detail, title } = toProblem(body);
  same([title, detail], ['Error', 'The request could not be answered.']);
});

property('an error that is copied with other facts keeps the rest', [geminiError, geminiError], (one, other) => {
  const copy = one.with({ retryAfterMs: other.retryAfterMs, attempts: other.attempts });
  expect(copy.toJSON()).toMatchObject({
    kind: one.kind,
    status: one.status,
    source: one.source,
    attempts: other.attempts,
  });
  same([copy.upstream, copy.upstreamMessage()], [one.upstream, one.upstreamMessage()]);
  same(copy.retryAfterMs, other.retryAfterMs);
  same(one.with({}).toJSON(), one.toJSON());
  same(KINDS[copy.kind].code, KINDS[one.kind].code);
});

/** As it comes out of JSON: what is undefined is absent. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Problems that a hostile hand has had. */
function problems(): fc.Arbitrary<unknown> {
  const hostile = fc.oneof(
    anything,
    words,
    fc.constantFrom('javascript:alert(1)', '<b>', -1, Number.NaN, Number.POSITIVE_INFINITY),
  );
  return fc.record(
    {
      type: hostile,
      title: hostile,
      status: hostile,
      detail: hostile,
      code: fc.oneof(fc.constantFrom(...Object.keys(CODES), '__proto__', 'a_later_one'), hostile),
      retryable: fc.oneof(fc.boolean(), hostile),
      retryAfterMs: hostile,
      source: hostile,
      instance: hostile,
      requestId: hostile,
    },
    { requiredKeys: [] },
  );
}
