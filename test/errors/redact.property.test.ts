import fc from 'fast-check';
import { clean, redact } from '../../src/errors/redact.ts';
import { costMs } from '../measure.ts';

const RUNS = { numRuns: 10_000 };
const MASK = '[redacted]';

const chars = (alphabet: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const WORD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** What a key may be that a user configures: printable, and sometimes of characters that every encoding changes. */
const secret = fc.oneof(
  chars(`${WORD}-_`, 8, 60),
  chars(`${WORD}-_/+=&?%" '\\<>.:`, 8, 60),
  fc.string({
    unit: fc.constantFrom(...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))),
    minLength: 8,
    maxLength: 60,
  }),
);

/** What stands around it: prose, JSON, HTML, other secrets, and noise of every kind. */
const surroundings = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    '',
    '"',
    "'",
    '<b>',
    '?key=',
    '&',
    'Bearer ',
    '{"a":"',
    '\\',
    '%20',
    'key: ',
    '\n',
    '\u2028',
    '[redacted]',
    'Aut',
  ),
);

/** Ways in which a key comes back in what Google, a proxy or an SDK says. */
const ENCODINGS: Readonly<Record<string, (key: string) => string>> = {
  raw: (key) => key,
  'in a URL': (key) => encodeURIComponent(key),
  'in a query': (key) => new URLSearchParams({ x: key }).toString().slice(2),
  'in JSON': (key) => JSON.stringify(key).slice(1, -1),
  'in JSON in JSON': (key) => JSON.stringify(JSON.stringify(key)),
  'in JSON in JSON in JSON': (key) => JSON.stringify({ a: JSON.stringify([JSON.stringify({ b: key })]) }),
  'in base64': (key) => Buffer.from(key).toString('base64'),
  'in base64 behind one byte': (key) => Buffer.from(`:${key}`).toString('base64'),
  'in base64 behind two bytes': (key) => Buffer.from(`u:${key}`).toString('base64'),
  'in base64 as a user': (key) => Buffer.from(`${key}:`).toString('base64'),
  'in base64url': (key) => Buffer.from(`x${key}yz`).toString('base64url'),
};

/** Of a text in base64, what stands for whole groups of the secret alone, at the alignment it has there. */
function survives(text: string, key: string): boolean {
  if (text.includes(key)) return true;
  if (text.includes(JSON.stringify(key).slice(1, -1)) || text.includes(encodeURIComponent(key))) return true;
  return [0, 1, 2].some((skip) => {
    const bytes = Buffer.from(key).subarray(skip);
    const core = bytes.subarray(0, bytes.length - (bytes.length % 3));
    return text.includes(core.toString('base64')) || text.includes(core.toString('base64url'));
  });
}

describe('a configured key', () => {
  test(`never survives ${Object.keys(ENCODINGS).join(', ')}`, () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...Object.values(ENCODINGS)),
        surroundings,
        surroundings,
        (key, encode, before, after) => {
          fc.pre(!survives(`${before}${after}`, key) && !MASK.includes(key));
          return !survives(redact(`${before}${encode(key)}${after}`, [key]), key);
        },
      ),
      { numRuns: 30_000 },
    );
  });

  test('never survives beside others, of which one may be the beginning of another', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...Object.values(ENCODINGS)),
        (keys, encode) => {
          const all = [...keys, `${keys[0]}-and-more`];
          fc.pre(!all.some((key) => MASK.includes(key)));
          const told = redact(all.map(encode).join(' '), all);
          return !all.some((key) => survives(told, key));
        },
      ),
      RUNS,
    );
  });
});

/** What is secret by its form, in the words that it comes in: the text, and what must not be left of it. */
const formed: fc.Arbitrary<{ text: string; hidden: string }> = fc.oneof(
  chars(`${WORD}-_`, 20, 45).map((rest) => ({ text: `AIza${rest}`, hidden: rest })),
  chars(`${WORD}-_`, 20, 60).map((rest) => ({ text: `AQ.${rest}`, hidden: rest })),
  chars(`${WORD}-_`, 20, 60).map((rest) => ({ text: `ya29.${rest}`, hidden: rest })),
  chars(`${WORD}-_`, 20, 60).map((rest) => ({ text: `1//0${rest}`, hidden: rest })),
  chars(`${WORD}-_`, 20, 40).map((rest) => ({ text: `GOCSPX-${rest}`, hidden: rest })),
  fc
    .tuple(
      fc.constantFrom('Bearer ', 'bearer ', 'Authorization: Bearer ', '"authorization":"Bearer ', 'Basic '),
      chars(`${WORD}-_.~+/`, 12, 80),
    )
    .map(([name, rest]) => ({ text: `${name}${rest}`, hidden: rest })),
  fc
    .tuple(
      fc.constantFrom('/v1?key=', '/v1&key=', '/v1?a=b&key=', '/v1%3Fkey%3D', '/v1?api_key=', ' key='),
      chars(`${WORD}-_`, 12, 60),
    )
    .map(([name, rest]) => ({ text: `https://h.test${name}${rest}`, hidden: rest })),
  fc
    .tuple(
      fc.constantFrom(
        'x-goog-api-key: ',
        'x-goog-api-key=',
        '"x-goog-api-key":"',
        "'X-Goog-Api-Key': '",
        'x-goog-api-key => ',
        "'x-goog-api-key': ['",
        'X-Goog-Api-Key: [',
        '\\"x-goog-api-key\\":\\"',
      ),
      chars(`${WORD}-_`, 12, 60),
    )
    .map(([name, rest]) => ({ text: `${name}${rest}`, hidden: rest })),
  fc
    .tuple(
      fc.constantFrom(
        'project_number:',
        '"project_number": "',
        'projects/',
        'project ',
        'project number ',
        'project #',
        'project: ',
        'Project ',
        'projects%2F',
        'project_number=',
        'project id ',
      ),
      chars('123456789', 8, 14),
    )
    .map(([name, rest]) => ({ text: `${name}${rest}`, hidden: rest })),
  fc
    .tuple(
      fc.constantFrom(
        'callerIp: ',
        '"callerIp":"',
        'caller_ip=',
        '\\"callerIp\\": \\"',
        'The originating IP address of the call (',
      ),
      fc.oneof(fc.ipV4(), fc.ipV6()).filter((address) => address.length > 6),
    )
    .map(([name, rest]) => ({ text: `${name}${rest}`, hidden: rest })),
);

/** Characters that end a secret, wherever one stands. */
const edge = fc.constantFrom('', ' ', '"', "'", '\n', ', ', '}', ')', '<', '; ');

describe('what is secret by its form', () => {
  test('never survives, whatever stands around it', () => {
    fc.assert(
      fc.property(surroundings, edge, formed, edge, surroundings, (before, left, { text, hidden }, right, after) => {
        fc.pre(!before.includes(hidden) && !after.includes(hidden));
        // A word before it would make another name of it: `monkey=`.
        const start = left === '' ? ' ' : left;
        const end = right === '' ? ' ' : right;
        return !redact(`${before}${start}${text}${end}${after}`).includes(hidden);
      }),
      RUNS,
    );
  });

  test('never survives in nested JSON', () => {
    fc.assert(
      fc.property(
        formed,
        fc.integer({ min: 1, max: 3 }),
        fc.string({ maxLength: 20 }),
        ({ text, hidden }, depth, name) => {
          fc.pre(!name.includes(hidden));
          let body = JSON.stringify({ [name]: text });
          for (let i = 1; i < depth; i++) body = JSON.stringify({ error: { message: body } });
          return !redact(body).includes(hidden);
        },
      ),
      RUNS,
    );
  });
});

/** Pieces of what is redacted, put together in every wrong way. */
const shards = fc
  .array(
    fc.oneof(
      formed.map(({ text }) => text),
      surroundings,
      fc.constantFrom(
        'key=',
        '?key=',
        'Bearer ',
        'AIza',
        'AQ.',
        'ya29.',
        'eyJ',
        '[redacted]',
        '[',
        ']',
        'projects/',
        'callerIp":"',
        '-----BEGIN PRIVATE KEY-----',
        '-----END',
        'x-goog-api-key',
        ':',
        '"',
        '\\"',
        '=',
        '=>',
        'access_token',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

test('twice is the same as once', () => {
  fc.assert(
    fc.property(shards, fc.array(secret, { maxLength: 3 }), (text, secrets) => {
      const once = redact(text, secrets);
      return redact(once, secrets) === once;
    }),
    RUNS,
  );
});

test('no text and no key makes it throw, not even half of a pair', () => {
  const any = fc.oneof(
    shards,
    fc.string({ unit: 'binary' }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  );
  fc.assert(
    fc.property(any, fc.array(any, { maxLength: 3 }), (text, secrets) => {
      return clean(redact(text, secrets)).length <= 2048;
    }),
    RUNS,
  );
});

test('a text without a secret stays as it is', () => {
  const words = fc.array(
    fc.constantFrom(
      'The',
      'model',
      'is',
      'overloaded.',
      'Please',
      'try',
      'again',
      'in',
      '35',
      's',
      'quota',
      'limit:',
      '20',
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(words, (parts) => {
      const text = parts.join(' ');
      return redact(text, ['a configured key']) === text;
    }),
    RUNS,
  );
});

test('time grows with the length, whatever is repeated', () => {
  const part = fc.oneof(
    formed.map(({ text }) => text),
    fc.constantFrom(
      'key=',
      '?key=',
      'Bearer ',
      'Bearer',
      ' ',
      'AIza',
      'AQ.',
      'a.',
      'eyJa',
      'eyJaaaaaaaaaaa.',
      'projects/',
      'project ',
      'project number ',
      'api_key',
      'x-goog-api-key: ',
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN ',
      '1//0',
      '(',
      '"',
      '\\',
      '%',
      'access_token:',
      'id_token',
      'callerIp ',
      '\u0000',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const unit = parts.join('') || 'a';
      const long = unit.repeat(Math.ceil(200_000 / unit.length));
      // 200 kB: some ms. Quadratic would be minutes.
      expect(costMs(() => redact(long, ['CANARY/odd+key="1234567890"']), 1)).toBeLessThan(1000);
    }),
    { numRuns: 300 },
  );
}, 120_000);
