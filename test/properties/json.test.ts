import fc from 'fast-check';
import { findJson, readJson } from '../../src/errors/read-json.ts';
import { eventsOf } from '../../src/errors/sse.ts';
import { text } from './arbitraries.ts';
import { property, same } from './property.ts';

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');

property(
  'objects, lists and texts are read as JSON.parse reads them, and nothing else is',
  [
    fc.oneof(
      fc.jsonValue(),
      fc.jsonValue().map((value) => [value]),
    ),
  ],
  (value) => {
    const isRead = (typeof value === 'object' && value !== null) || typeof value === 'string';
    same(readJson(JSON.stringify(value)), isRead ? JSON.parse(JSON.stringify(value)) : undefined);
  },
);

property(
  'a text of any kind is JSON or undefined',
  [
    fc.oneof(
      text,
      text.map((some) => `{${some}`),
      fc.json().map((some) => some.slice(0, -1)),
    ),
  ],
  (some) => {
    let expected: unknown;
    try {
      expected = /^\s*[[{"]/.test(some) ? JSON.parse(some) : undefined;
    } catch {}
    same(readJson(some), expected);
  },
);

property('JSON behind words and before words is found', [words(), object, words()], (before, value, after) => {
  fc.pre(Object.keys(value).length > 0);
  const found = findJson(`${before}${JSON.stringify(value)}${after}`, () => true);
  same(found, JSON.parse(JSON.stringify(value)));
});

property(
  'nesting of any depth is read to 200 levels, and is no JSON beyond',
  [fc.nat(400), fc.constantFrom(['[', ']'], ['{"a":', '}'])],
  (depth, [open, close]) => {
    fc.pre(depth > 0);
    const nested = `${open?.repeat(depth)}1${close?.repeat(depth)}`;
    same(readJson(nested) === undefined, depth > 200);
  },
);

property(
  'what was written as events is read as the same events, whatever ends its lines',
  [fc.array(object, { minLength: 1, maxLength: 5 }), lineEnd, fc.boolean()],
  (values, end, spaced) => {
    const stream = values.map((value) => `data:${spaced ? ' ' : ''}${JSON.stringify(value)}${end}${end}`).join('');
    same(
      eventsOf(stream),
      values.map((value) => JSON.parse(JSON.stringify(value))),
    );
  },
);

property(
  'a text of any kind has events or has none',
  [
    fc.array(fc.oneof(text, fc.constantFrom('data:', 'event: error', '\n', '\n\n', '{"a":1}', ':', 'id: 1')), {
      maxLength: 12,
    }),
  ],
  (pieces) => {
    same(Array.isArray(eventsOf(pieces.join(''))), true);
  },
);

/** Words without a bracket. */
function words(): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...'abc :.,"\'\\-=>0123456789'), maxLength: 20 });
}
