import fc from 'fast-check';
import { isGeminiError } from '../../src/errors/gemini-error.ts';
import { inspectAnswer } from '../../src/errors/inspect-answer.ts';
import { isGeminiFailure } from '../../src/errors/is-gemini-failure.ts';
import { KINDS } from '../../src/errors/kinds.ts';
import { answerWaitMs, sentence } from '../../src/errors/problem.ts';
import { understand } from '../../src/errors/understand.ts';
import { anything, geminiError, googleError, thrown, words } from './arbitraries.ts';
import { atMost, below, property, same } from './property.ts';

const setting = fc.record(
  { status: fc.oneof(fc.integer({ min: 90, max: 610 }), fc.anything({ maxDepth: 0 })), headers: anything },
  { requiredKeys: [] },
) as fc.Arbitrary<{ status?: number; headers?: unknown }>;

// A reading takes some hundred microseconds, more than all else here.
property(
  'whatever is thrown is understood: a known kind, a status that fails, a sentence of ours',
  [thrown, setting],
  (value, options) => {
    const error = understand(value, options);
    const { code } = KINDS[error.kind];
    expect(code).toBeDefined();
    atMost(400, error.status);
    below(error.status, 600);
    same(error.message, sentence(error.kind, answerWaitMs(error)));
    atMost(0, error.retryAfterMs ?? 0);
    atMost(error.retryAfterMs ?? 0, 2 ** 31);
    atMost(error.upstreamMessage()?.length ?? 0, 2048);
  },
  { share: 0.5 },
);

property(
  'what was understood already comes back as it is, also as a cause',
  [geminiError, fc.nat(4)],
  (error, depth) => {
    let value: unknown = error;
    for (let i = 0; i < depth; i++) value = new Error(`layer ${i}`, { cause: value });
    same(understand(value), error);
    same(isGeminiFailure(value), true);
  },
);

// Two such readings.
property(
  'the same input is understood the same way twice',
  [thrown],
  (value) => {
    same(understand(value).toJSON(), understand(value).toJSON());
  },
  { share: 0.3 },
);

property('an answer of any shape is fine or a failure, and never a throw', [fc.oneof(anything, answers())], (body) => {
  const found = inspectAnswer(body);
  same(found === undefined || isGeminiError(found), true);
  same(typeof isGeminiFailure(body), 'boolean');
});

// Three readings of a text of hundreds of letters by hundreds of patterns.
property(
  'an error that relays have wrapped as JSON in JSON means what it meant',
  [googleError, fc.nat(3)],
  (body, depth) => {
    const bare = JSON.stringify(body);
    let wrapped = bare;
    for (let i = 0; i < depth; i++) wrapped = JSON.stringify({ error: { message: wrapped } });
    // A text that is no JSON of an error says no more when it is wrapped.
    fc.pre(understand(bare).kind !== 'unknown' && typeof body.error.message === 'string');
    same([wrapped, understand(wrapped).kind], [wrapped, understand(bare).kind]);
  },
  { share: 0.2 },
);

function answers(): fc.Arbitrary<unknown> {
  const part = fc.oneof(fc.record({ text: words }), fc.record({ thought: fc.boolean() }), anything);
  const finish = fc.oneof(fc.constantFrom('STOP', 'SAFETY', 'MAX_TOKENS', 'NEW_ONE', '__proto__'), fc.nat(20));
  const candidate = fc.record(
    { content: fc.record({ parts: fc.array(part, { maxLength: 3 }) }), finishReason: finish },
    { requiredKeys: [] },
  );
  return fc.record(
    {
      candidates: fc.oneof(fc.array(candidate, { maxLength: 3 }), anything),
      promptFeedback: fc.oneof(fc.record({ blockReason: finish }), anything),
      usageMetadata: anything,
      modelVersion: words,
      error: anything,
    },
    { requiredKeys: [] },
  );
}
