import { inspectAnswer } from '../../src/errors/inspect-answer.ts';
import { understand } from '../../src/errors/understand.ts';

const answer = (finishReason: unknown, ...parts: object[]): unknown => ({
  candidates: [{ content: { parts }, finishReason }],
});
const text = { text: 'Hello' };
const thought = { text: 'hm', thought: true };

describe('inspectAnswer', () => {
  it.each([
    ['a text', answer('STOP', text)],
    ['a text without a reason', answer(undefined, text)],
    ['a function call', answer('STOP', { functionCall: { name: 'f' } })],
    ['inline data', answer('STOP', thought, { inlineData: { data: '', mimeType: 'image/png' } })],
    ['executable code', answer('STOP', { executableCode: { code: '1' } })],
    ['a truncated answer with text', answer('MAX_TOKENS', text)],
    ['an unknown reason with text', answer('SOMETHING_NEW', text)],
    ['a pause', answer('CONTINUATION')],
    ['a wrapped answer', { response: answer('STOP', text) }],
    ['an OpenAI answer', { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] }],
    ['an OpenAI tool call', { choices: [{ message: { tool_calls: [{}] }, finish_reason: 'tool_calls' }] }],
    ['pictures, some filtered', { predictions: [{ raiFilteredReason: 'x' }, { bytesBase64Encoded: 'x' }] }],
    [
      'a feedback without a block',
      { ...(answer('STOP', text) as object), promptFeedback: { safetyRatings: [{ blocked: false }] } },
    ],
  ])('%s is fine', (_name, body) => expect(inspectAnswer(body)).toBeUndefined());

  it.each([
    ['an error', { error: { code: 503, message: 'x', status: 'UNAVAILABLE' } }, 'upstream_unavailable'],
    ['a blocked prompt', { promptFeedback: { blockReason: 'SAFETY' } }, 'blocked_prompt'],
    ['a prompt blocked by number', { promptFeedback: { blockReason: 4 } }, 'blocked_prompt'],
    ['a prompt blocked by an unknown number', { promptFeedback: { blockReason: 99 } }, 'blocked_prompt'],
    ['a rating that blocked', { promptFeedback: { safetyRatings: [{ blocked: true }] } }, 'blocked_prompt'],
    ['no block after all', { promptFeedback: { blockReason: 'BLOCK_REASON_UNSPECIFIED' } }, 'empty_response'],
    ['nor by number', { promptFeedback: { blockReason: 0 } }, 'empty_response'],
    ['a stopped answer', answer('SAFETY', text), 'blocked_response'],
    ['a stop by number', answer(4), 'blocked_response'],
    ['a stop by a text of a number', answer('8'), 'blocked_response'],
    ['an unknown policy', answer('NEW_HARM_FILTER'), 'blocked_response'],
    ['an unknown limit', answer('MAX_OUTPUT_BYTES'), 'truncated'],
    ['an unknown reason', answer('SOMETHING_NEW'), 'bad_model_output'],
    ['a bad call', answer('MALFORMED_FUNCTION_CALL', text), 'bad_model_output'],
    ['truncated without text', answer('MAX_TOKENS', thought), 'truncated'],
    ['only thoughts', answer('STOP', thought, { thoughtSignature: 'x' }, { text: '' }), 'empty_response'],
    ['no parts', answer('STOP'), 'empty_response'],
    ['no picture', answer('NO_IMAGE'), 'empty_response'],
    ['no candidates', { candidates: [] }, 'empty_response'],
    ['nothing', {}, 'empty_response'],
    ['null', null, 'empty_response'],
    ['no error after all', { error: null }, 'empty_response'],
    ['an error of no known form', { error: 'odd' }, 'invalid_response'],
    [
      'the worse of two candidates',
      { candidates: [...(answer('STOP', text) as { candidates: object[] }).candidates, { finishReason: 'SPII' }] },
      'blocked_response',
    ],
    ['all pictures filtered', { predictions: [{ raiFilteredReason: 'x' }] }, 'blocked_response'],
    [
      'a filtered film',
      { response: { generateVideoResponse: { raiMediaFilteredCount: 1, raiMediaFilteredReasons: ['x'] } } },
      'blocked_response',
    ],
  ])('%s is a failure', (_name, body, kind) => expect(inspectAnswer(body)?.kind).toBe(kind));

  it('names reason and model', () => {
    const body = { ...(answer('RECITATION') as object), modelVersion: 'gemini-3.8-flash' };
    expect(inspectAnswer(body)?.upstream).toEqual({ status: 200, reason: 'RECITATION', model: 'gemini-3.8-flash' });
    expect(inspectAnswer({})?.upstream).toStrictEqual({ status: 200 });
  });

  it('never throws', () => {
    const part = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap');
        },
      },
    );
    expect(inspectAnswer(answer('STOP', part))?.kind).toBe('empty_response');
  });
});

describe('answers as understand sees them', () => {
  const event = (body: unknown): string => `data: ${JSON.stringify(body)}`;
  it.each([
    ['a fine answer', JSON.stringify(answer('STOP', text)), 'unknown'],
    ['a cut stream', event(answer(undefined, text)), 'invalid_response'],
    ['a list of events', JSON.stringify([answer(undefined, text), answer('SAFETY')]), 'blocked_response'],
    ['events without blank lines', `${event(answer(undefined, text))}\n${event(answer('SPII'))}`, 'blocked_response'],
    ['one event on many lines', 'data: {"promptFeedback":\ndata: {"blockReason":"OTHER"}}\n\n', 'blocked_prompt'],
    [
      'an error event without an envelope',
      'event: error\ndata: {"code":503,"message":"overloaded"}\n\n',
      'model_overloaded',
    ],
    [
      'an event behind data',
      `${event(answer(undefined, text))}\nevent: error\ndata: {"error":{"code":500,"message":""}}`,
      'upstream_internal',
    ],
    [
      'a bare error at the end',
      `: ping\n\n${event(answer(undefined, text))}\n\n{"error":\n{"code":499,"message":"cancelled"}}`,
      'upstream_cancelled',
    ],
    ['no events at all', 'data: [DONE]\n\n', 'invalid_response'],
    ['an empty object', '{}', 'empty_response'],
    ['an empty list', '[]', 'invalid_response'],
    ['a page', '<html><body>Please log in</body></html>', 'invalid_response'],
    ['another JSON', '{"ok":true}', 'invalid_response'],
  ])('%s', (_name, raw, kind) => expect(understand(raw, { status: 200 }).kind).toBe(kind));
});
