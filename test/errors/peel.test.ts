import { peel } from '../../src/errors/peel.ts';
import { MAX_TEXT } from '../../src/errors/safe.ts';

const overloaded = 'The model is overloaded.';
const statusOf = (input: unknown): number | undefined => peel(input).evidence.status;
const saidBy = (input: unknown): string | undefined => peel(input).evidence.said;
const inError = (levels: number, inner: unknown): unknown =>
  levels === 0 ? inner : { error: inError(levels - 1, inner) };

describe('an error object', () => {
  test('is taken out of ten wrappers, of more it is not', () => {
    expect(statusOf(inError(10, { code: 503 }))).toBe(503);
    expect(statusOf(inError(11, { code: 503 }))).toBeUndefined();
  });

  test('says more than what it is wrapped in', () => {
    const { evidence } = peel({ code: 500, message: 'outer', error: { code: 503, message: overloaded } });
    expect([evidence.status, evidence.said]).toEqual([503, overloaded]);
  });

  test.each([
    'message',
    'detail',
    'error_description',
    'errorMessage',
    'msg',
    'description',
    'title',
  ])('has its words in the field %s', (key) => expect(saidBy({ code: 503, [key]: overloaded })).toBe(overloaded));

  test('has its words where the first field of them is not empty', () => {
    expect(saidBy({ title: 'x', detail: overloaded, message: '' })).toBe(overloaded);
  });

  test('may be a text, or a list of texts', () => {
    expect(saidBy({ error: overloaded })).toBe(overloaded);
    expect(saidBy({ error: overloaded, message: 'the message' })).toBe('the message');
    expect(saidBy({ error: [overloaded] })).toBe(overloaded);
    expect(saidBy({ error: ['odd'], message: overloaded })).toBe(overloaded);
    for (const error of [5, true, null, '', []]) expect(saidBy({ error })).toBe(error === '' ? '' : undefined);
  });

  test('may be one of a list', () => {
    const error = [{ a: 1 }, { code: 503, message: overloaded }];
    expect(statusOf({ error })).toBe(503);
    expect(statusOf({ error, code: 400, message: 'outer' })).toBe(503);
    expect(statusOf([{ a: 1 }, { error: { code: 503 } }])).toBe(503);
    expect(statusOf([{ error: '' }, { error: { code: 503 } }])).toBe(503);
    expect(statusOf([null, 5, { status: 503, message: 'x' }])).toBe(503);
    expect(saidBy([null, 5, overloaded])).toBe(overloaded);
    expect(saidBy([null, { message: overloaded }])).toBe(overloaded);
  });
});

describe('an error that a relay keeps as a text beside its own words', () => {
  const raw = JSON.stringify({ error: { code: 503, message: overloaded } });

  test('is found in any field, and in its metadata', () => {
    expect(statusOf({ message: 'Provider returned error', n: 5, raw })).toBe(503);
    expect(statusOf({ error: { message: 'Provider returned error', metadata: { raw } } })).toBe(503);
  });

  test('is looked for in 32 of them', () => {
    const fields = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_none, at) => [at, at]));
    expect(statusOf({ ...fields(31), raw })).toBe(503);
    expect(statusOf({ ...fields(32), raw })).toBeUndefined();
  });

  test('is no other JSON', () => {
    expect(saidBy({ note: '{"a":1}', message: overloaded })).toBe(overloaded);
  });

  test('is not read where it is too long', () => {
    const padded = (length: number): string => `{"error":{"code":503,"pad":"${'x'.repeat(length - 31)}"}}`;
    expect(padded(MAX_TEXT)).toHaveLength(MAX_TEXT);
    expect(statusOf({ raw: padded(MAX_TEXT) })).toBe(503);
    expect(statusOf({ raw: padded(MAX_TEXT + 1) })).toBeUndefined();
  });
});

describe('a text', () => {
  test('that is JSON is read as such', () => {
    expect(saidBy(`{"userId":1,"message":"${overloaded}"}`)).toBe(overloaded);
    expect(saidBy(JSON.stringify(overloaded))).toBe(overloaded);
    expect(statusOf(JSON.stringify(JSON.stringify({ error: { code: 503 } })))).toBe(503);
    expect(saidBy('[1,2]')).toBe('[1,2]');
  });

  test('that is JSON of nobody known may still tell', () => {
    expect(peel('{"reply":{"state":"API_KEY_INVALID"}}').evidence.reasons).toEqual(['API_KEY_INVALID']);
  });

  test('with an error in it says what that says', () => {
    expect(saidBy(`got {"error":"${overloaded}"} here`)).toBe(overloaded);
    expect(saidBy(`got {"code":503,"message":"${overloaded}"} here`)).toBe(overloaded);
    expect(saidBy(`got {"status":503,"message":"${overloaded}"} here`)).toBe(overloaded);
    expect(saidBy(`got [{"a":1},{"error":"${overloaded}"}] here`)).toBe(overloaded);
    expect(peel('got {"candidates":[]} here').answer.seen).toBe(true);
  });

  test.each([
    'got {"error":""} here',
    'got {"code":503,"a":"b"} here',
    `got {"message":"${overloaded}"} here`,
    'got {"code":503,"message":5} here',
  ])('is read as it is where the JSON in it tells nothing: %s', (text) => {
    expect(saidBy(text)).toBe(text);
  });

  test('is not searched for codes of things that are no error', () => {
    expect(peel('got {"code":"quota_exceeded","a":"b"} here').evidence.reasons).toEqual([]);
    expect(peel('got {"code":"quota_exceeded","message":"b"} here').evidence.reasons).toEqual(['quota_exceeded']);
  });

  test('in front of an error counts where the error is silent', () => {
    expect(statusOf('HTTP 503: {"error":{"message":"x"}}')).toBe(503);
    expect(statusOf('HTTP 503: {"error":{"code":429,"message":"x"}}')).toBe(429);
    expect(statusOf('It failed: {"error":{"note":"HTTP 503","message":"x"}}')).toBeUndefined();
  });

  test('is read as far as 64 KB', () => {
    const pad = 'x'.repeat(MAX_TEXT);
    expect(statusOf(`{"pad":"${pad}","error":{"code":503}}`)).toBeUndefined();
    expect(saidBy(`${' '.repeat(MAX_TEXT)}${overloaded}`)).toHaveLength(MAX_TEXT);
  });

  test('is known for a page', () => {
    expect(peel('<html><body>x</body></html>').evidence.html).toBe(true);
    expect(peel('x').evidence.html).toBe(false);
  });
});

describe('an answer', () => {
  const piece = (finishReason?: string): object => ({
    candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason }],
  });

  test('may be one or come in pieces', () => {
    const { answer, stream } = peel(piece('STOP'));
    expect([answer.seen, answer.finish, stream]).toEqual([true, 'STOP', false]);
    const pieces = peel([piece('FINISH_REASON_UNSPECIFIED'), piece('STOP')]);
    expect([pieces.answer.finish, pieces.stream]).toEqual(['STOP', true]);
    const events = peel(`data: ${JSON.stringify(piece())}\n\ndata: ${JSON.stringify(piece('SAFETY'))}\n\n`);
    expect([events.answer.finish, events.stream]).toEqual(['SAFETY', true]);
    expect(peel([{ a: 1 }]).stream).toBe(false);
  });

  test('is none where one of its pieces is an error', () => {
    const { answer, evidence } = peel([piece(), { error: { code: 503 } }]);
    expect([answer.seen, evidence.status]).toEqual([false, 503]);
  });
});
