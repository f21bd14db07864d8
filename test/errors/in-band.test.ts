import { type Answer, addAnswer, looksLikeAnswer, noAnswer, verdictOf } from '../../src/errors/in-band.ts';

/** What the events of one stream come to; a whole answer is one event. */
const told = (...events: unknown[]): Answer => {
  const answer = noAnswer();
  for (const event of events) addAnswer(answer, event);
  return answer;
};
const kindAndReason = (...events: unknown[]): unknown[] => {
  const verdict = verdictOf(told(...events));
  return [verdict?.kind, verdict?.reason];
};
const candidate = (finishReason: unknown, ...parts: unknown[]): object => ({ content: { parts }, finishReason });
const text = { text: 'Hello' };

test.each([
  'candidates',
  'promptFeedback',
  'prompt_feedback',
  'usageMetadata',
  'choices',
  'modelVersion',
  'predictions',
])('a body with %s is an answer, also inside a response', (key) => {
  expect(looksLikeAnswer({ [key]: [] })).toBe(true);
  expect(looksLikeAnswer({ response: { [key]: [] } })).toBe(true);
});

test('no other body is one', () => {
  for (const body of [{}, { error: {} }, { response: 'candidates' }, 'candidates', null]) {
    expect(looksLikeAnswer(body)).toBe(false);
  }
  expect(noAnswer()).toMatchObject({ seen: false, content: false });
});

test('an answer is not looked for in a field of its own that is called response', () => {
  expect(verdictOf(told({ candidates: [candidate('STOP', text)], response: {} }))).toBeUndefined();
});

describe('what counts as content', () => {
  test.each([
    text,
    { functionCall: { name: 'f' } },
    { text: '', functionCall: { name: 'f' } },
    { text: 'Hello', thoughtSignature: 'x' },
    { thought: false, text: 'Hello' },
  ])('%j does', (part) => {
    expect(told({ candidates: [candidate('STOP', part)] }).content).toBe(true);
  });

  test.each([
    { text: '' },
    { thought: true, text: 'hm' },
    { thought: false },
    { thoughtSignature: 'x' },
    { thought_signature: 'x' },
    { partMetadata: {} },
    { videoMetadata: {} },
    {},
    'text',
    null,
  ])('%j does not', (part) => {
    expect(told({ candidates: [candidate('STOP', part)] }).content).toBe(false);
  });

  test('in the form of OpenAI it is a message or a delta', () => {
    expect(told({ choices: [{ message: { content: 'x' } }] }).content).toBe(true);
    expect(told({ choices: [{ delta: { content: 'x' } }] }).content).toBe(true);
    expect(told({ choices: [{ delta: { content: '' } }] }).content).toBe(false);
  });
});

describe('how an answer has ended', () => {
  test('the first failure of several candidates explains it', () => {
    expect(kindAndReason({ candidates: [candidate('STOP', text), candidate('SPII')] })).toEqual([
      'blocked_response',
      'SPII',
    ]);
    expect(kindAndReason({ candidates: [candidate('SPII'), candidate('STOP', text)] })).toEqual([
      'blocked_response',
      'SPII',
    ]);
    expect(kindAndReason({ candidates: [candidate('SPII'), candidate('MAX_TOKENS')] })).toEqual([
      'blocked_response',
      'SPII',
    ]);
  });

  test('is not forgotten where a later event does not say it again', () => {
    expect(told({ candidates: [candidate('STOP')] }, { candidates: [{}], usageMetadata: {} }).finish).toBe('STOP');
    expect(kindAndReason({ candidates: [candidate('SAFETY', text)] }, { usageMetadata: {} })).toEqual([
      'blocked_response',
      'SAFETY',
    ]);
  });
});

describe('a prompt was refused', () => {
  test.each([
    [{ blockReason: 'SAFETY' }, 'SAFETY'],
    [{ block_reason: 'OTHER' }, 'OTHER'],
    [{ blockReason: 1 }, 'SAFETY'],
    [{ blockReason: 2 }, 'OTHER'],
    [{ blockReason: 3 }, 'BLOCKLIST'],
    [{ blockReason: 4 }, 'PROHIBITED_CONTENT'],
    [{ blockReason: 5 }, 'IMAGE_SAFETY'],
    [{ blockReason: 6 }, 'OTHER'],
    [{ blockReason: 'UNSPECIFIED_HARM' }, 'UNSPECIFIED_HARM'],
    [{ blockReason: 'A'.repeat(65) }, 'A'.repeat(64)],
    [{ blockReasonMessage: 'No.' }, 'OTHER'],
    [{ safetyRatings: [{ blocked: false }, { blocked: true }] }, 'SAFETY'],
  ])('by %j', (promptFeedback, reason) => {
    expect(kindAndReason({ promptFeedback })).toEqual(['blocked_prompt', reason]);
    expect(kindAndReason({ prompt_feedback: promptFeedback })).toEqual(['blocked_prompt', reason]);
  });

  test.each([
    { blockReason: '' },
    { blockReason: 0 },
    { blockReason: 'BLOCK_REASON_UNSPECIFIED' },
    {},
    'SAFETY',
    null,
  ])('not by %j', (promptFeedback) => expect(kindAndReason({ promptFeedback })).toEqual(['empty_response', undefined]));

  test('but not where there is an answer', () => {
    const promptFeedback = { blockReason: 'SAFETY' };
    expect(verdictOf(told({ promptFeedback, candidates: [candidate('STOP', text)] }))).toBeUndefined();
  });
});

describe('pictures and films', () => {
  const film = (generateVideoResponse: object): object => ({ response: { generateVideoResponse, predictions: [] } });
  test.each([
    { predictions: [{ raiFilteredReason: 'x' }] },
    film({ raiMediaFilteredReasons: ['x'] }),
    film({ raiMediaFilteredCount: 1 }),
    { predictions: [], raiMediaFilteredCount: '2' },
  ])('all of them were filtered: %j', (body) => {
    expect(kindAndReason(body)).toEqual(['blocked_response', 'CONTENT_FILTER']);
  });

  test.each([
    film({}),
    film({ raiMediaFilteredReasons: [], raiMediaFilteredCount: 0 }),
    { predictions: ['x', null] },
    { predictions: [] },
  ])('there are none: %j', (body) => {
    expect(kindAndReason(body)).toEqual(['empty_response', undefined]);
  });

  test('one that was not filtered is an answer', () => {
    expect(verdictOf(told({ predictions: [{ bytesBase64Encoded: 'x' }, { raiFilteredReason: 'x' }] }))).toBeUndefined();
  });
});
