import fc from 'fast-check';
import { clean } from '../../src/errors/redact.ts';
import { text } from './arbitraries.ts';
import { atMost, property, same } from './property.ts';

const escapes = fc.constantFrom(
  '\u001b[31m',
  '\u001b]8;;http://x\u0007',
  '\u009b1m',
  '\u001b',
  '\r\n',
  '\u2028',
  '\u202e',
  '\u0000',
  '\u{1f600}',
  '\ufeff',
);
const hostile = fc.array(fc.oneof(text, escapes), { maxLength: 8 }).map((pieces) => pieces.join(''));

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there.
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/;

property(
  'a cleaned text is one line without controls and hidden characters, no longer than asked for',
  [hostile, fc.integer({ min: 1, max: 60 })],
  (given, max) => {
    const line = clean(given, max);
    atMost(line.length, max);
    expect(line).not.toMatch(FORBIDDEN);
    expect(line).not.toMatch(/[\ud800-\udbff]$/);
  },
);

property('cleaning what is clean changes nothing', [hostile], (given) => {
  const line = clean(given);
  same(clean(line), line);
});

property(
  'letters of all scripts stay as they are',
  [fc.array(fc.constantFrom('a', 'Z', '\u00e9', '\u4f60', '\u05d0', '\u{1f600}', '[31m', '7', '-'), { maxLength: 20 })],
  (letters) => {
    same(clean(letters.join('')), letters.join(''));
  },
);
