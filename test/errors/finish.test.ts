import { finishName, isFailedFinish, kindOfFinish } from '../../src/errors/finish.ts';

const MEANT = {
  fine: ['STOP', 'FINISH_REASON_UNSPECIFIED', 'UNSPECIFIED', 'NO_IMAGE', 'END_TURN', 'TOOL_CALLS', 'FUNCTION_CALL'],
  truncated: ['MAX_TOKENS', 'LENGTH'],
  blocked_response: [
    ...['SAFETY', 'RECITATION', 'LANGUAGE', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY'],
    ...[
      'IMAGE_PROHIBITED_CONTENT',
      'IMAGE_RECITATION',
      'IMAGE_OTHER',
      'MODEL_ARMOR',
      'ESCALATION',
      'CONTENT_FILTER',
      'JAILBREAK',
    ],
  ],
  bad_model_output: [
    ...['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MALFORMED_RESPONSE'],
    'MISSING_THOUGHT_SIGNATURE',
  ],
};

describe('a finishReason', () => {
  test.each(Object.entries(MEANT))('is %s: %j', (meaning, names) => {
    for (const name of names) {
      const failed = meaning !== 'fine';
      expect([name, kindOfFinish(name, true)]).toEqual([name, failed ? meaning : undefined]);
      expect([name, kindOfFinish(name, false)]).toEqual([name, failed ? meaning : 'empty_response']);
      expect([name, isFailedFinish(name)]).toEqual([name, failed]);
    }
  });

  test('of a pause is no failure, even without content', () => {
    expect([kindOfFinish('CONTINUATION', false), kindOfFinish('CONTINUATION', true)]).toEqual([undefined, undefined]);
    expect(isFailedFinish('CONTINUATION')).toBe(false);
  });

  test('that is missing leaves it to the content', () => {
    expect([kindOfFinish(undefined, false), kindOfFinish(undefined, true)]).toEqual(['empty_response', undefined]);
  });

  test.each([
    ['NEW_HARM', 'blocked_response'],
    ['TRUNCATED', 'truncated'],
    ['MAX_BYTES', 'truncated'],
    ['OUTPUT_LENGTH', 'truncated'],
    ['SOMETHING_NEW', 'bad_model_output'],
    ['constructor', 'bad_model_output'],
  ])('%s is told by its words, and fine with content', (name, kind) => {
    expect([kindOfFinish(name, false), kindOfFinish(name, true), isFailedFinish(name)]).toEqual([
      kind,
      undefined,
      false,
    ]);
  });
});

describe('the name of a finishReason', () => {
  test.each(
    [
      ...['FINISH_REASON_UNSPECIFIED', 'STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION', 'OTHER', 'LANGUAGE', 'BLOCKLIST'],
      ...['PROHIBITED_CONTENT', 'SPII', 'MALFORMED_FUNCTION_CALL', 'IMAGE_SAFETY', 'UNEXPECTED_TOOL_CALL'],
      ...['TOO_MANY_TOOL_CALLS', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_OTHER', 'NO_IMAGE', 'IMAGE_RECITATION'],
      ...['MISSING_THOUGHT_SIGNATURE', 'MALFORMED_RESPONSE'],
    ].map((name, number) => [number, name] as const),
  )('%i is %s', (number, name) => {
    expect([finishName(number), finishName(`${number}`), finishName(name)]).toEqual([name, name, name]);
  });

  test('may be written in small letters', () => {
    expect([finishName('stop'), finishName('maxTokens'), finishName('content_filter')]).toEqual([
      ...['STOP', 'MAX_TOKENS', 'CONTENT_FILTER'],
    ]);
    expect([finishName('1st'), finishName('x1'), finishName('100')]).toEqual(['1ST', 'X1', '100']);
  });

  test('has an end', () => {
    expect(finishName('A'.repeat(64))).toBe('A'.repeat(64));
    for (const none of ['', 'A'.repeat(65), 20, -1, undefined, null, {}, ['STOP']])
      expect(finishName(none)).toBeUndefined();
  });
});
