import { GeminiError } from '../../src/errors/gemini-error.ts';
import { bodiesOf, isError, linksOf } from '../../src/errors/links.ts';

/** An error with its causes, innermost last. */
const chain = (length: number): Error[] => {
  const errors = Array.from({ length }, (_none, at) => new Error(`${at}`));
  for (const [at, error] of errors.entries()) if (at + 1 < length) error.cause = errors[at + 1];
  return errors;
};

describe('the links of a value', () => {
  test('are the value itself and its causes, five at most', () => {
    const three = chain(3);
    expect(linksOf(three[0])).toEqual(three);
    const six = chain(6);
    const links = linksOf(six[0]);
    expect(links).toHaveLength(5);
    expect(links.at(-1)).toBe(six[4]);
  });

  test('end where there is no cause, or an empty one', () => {
    for (const value of ['text', undefined, null, {}, { cause: null }, { lastError: null }, { lastError: undefined }]) {
      expect(linksOf(value)).toEqual([value]);
    }
  });

  test('go on with what a retry library gave up with', () => {
    const last = new Error('503');
    expect(linksOf({ lastError: last })).toEqual([{ lastError: last }, last]);
    const cause = new Error('first');
    expect(linksOf({ cause, lastError: last })).toEqual([{ cause, lastError: last }, cause]);
  });

  test('are no more than once each in a circle', () => {
    const [a, b] = chain(2) as [Error, Error];
    b.cause = a;
    expect(linksOf(a)).toEqual([a, b]);
  });

  test('end at a failure that is already understood', () => {
    const known = new GeminiError('billing', { cause: new Error('below') });
    expect(linksOf(known)).toEqual([known]);
  });

  test('are followed by the children of the outermost aggregate, eight at most and errors alone', () => {
    const children = Array.from({ length: 9 }, (_none, at) => new Error(`${at}`));
    const aggregate = new AggregateError(children);
    expect(linksOf(aggregate)).toEqual([aggregate, ...children.slice(0, 8)]);
    const mixed = new AggregateError(['text', children[0], { reason: 'x' }]);
    expect(linksOf(mixed)).toEqual([mixed, children[0]]);
    const inner = new AggregateError([children[1]]);
    const outer = Object.assign(new AggregateError([children[0]]), { cause: inner });
    expect(linksOf(outer)).toEqual([outer, inner, children[0]]);
    const wrapper = new Error('wrapped', { cause: inner });
    expect(linksOf(wrapper)).toEqual([wrapper, inner, children[1]]);
    const plain = Object.assign(new AggregateError([children[0]]), { cause: children[1] });
    expect(linksOf(plain)).toEqual([plain, children[1], children[0]]);
  });
});

test('an error is told by its stack, or by how its name ends', () => {
  expect([{ stack: 'x' }, { name: 'ApiError' }, { name: 'GoogleException' }].map(isError)).toEqual([true, true, true]);
  const others = [{ stack: 5 }, { name: 'ErrorInfo' }, { name: 'x' }, {}, 'an Error', null, [new Error('x')]];
  expect(others.map(isError)).toEqual(others.map(() => false));
  const named = Object.assign(() => 1, { stack: 'x' });
  expect(isError(named)).toBe(false);
  expect(isError(Object.assign([], { stack: 'x' }))).toBe(false);
});

describe('the bodies of an error', () => {
  test('are what clients keep of an answer, in order of trust', () => {
    const error = {
      ...{ error: { a: 1 }, body: 'b', responseBody: 'c', data: 'f' },
      response: { data: { d: 1 }, body: 'e' },
    };
    expect(bodiesOf(error)).toEqual([{ a: 1 }, 'b', 'c', { d: 1 }, 'e', 'f', error.response]);
  });

  test('are texts and objects with something in them', () => {
    expect(bodiesOf({ error: '', body: null, responseBody: 5, data: true, response: undefined })).toEqual([]);
    expect(bodiesOf({ error: () => 1 })).toEqual([]);
    expect(bodiesOf({ body: [1] })).toEqual([[1]]);
    expect(bodiesOf('text')).toEqual([]);
  });

  test('hold the parts of the legacy SDK as one', () => {
    const errorDetails = [{ reason: 'API_KEY_INVALID' }];
    expect(bodiesOf({ message: 'no', status: 400, errorDetails })).toEqual([
      { error: { message: 'no', code: 400, details: errorDetails } },
    ]);
  });
});
