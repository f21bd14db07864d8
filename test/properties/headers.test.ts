import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { understand } from '../../src/errors/understand.ts';
import { retryAfterMs } from '../../src/frontend/index.ts';
import { answer } from '../../src/http/answer.ts';
import { givenRequestId, showLimit, showModel } from '../../src/http/headers.ts';
import { targetOf } from '../../src/upstream/target.ts';
import { anything, geminiError, text, thrown } from './arbitraries.ts';
import { property, same } from './property.ts';

const socket = new Socket();

function response(accept?: string): { req: IncomingMessage; res: ServerResponse; said: () => string } {
  const req = new IncomingMessage(socket);
  if (accept !== undefined) req.headers.accept = accept;
  const res = new ServerResponse(req);
  let words = '';
  res.end = ((chunk?: string) => {
    words = chunk ?? '';
    return res;
  }) as never;
  return { req, res, said: () => words };
}

const requestId = fc.oneof(text, fc.uuid(), fc.stringMatching(/^[\w.-]{8,128}$/));

// A reading and a ServerResponse.
property(
  'whatever was thrown and whoever asks, the answer has valid headers and at most four kilobytes',
  [
    fc.oneof(
      thrown.map((value) => understand(value)),
      geminiError,
    ),
    requestId,
    fc.option(text, { nil: undefined }),
    fc.record({
      expose: fc.boolean(),
      format: fc.constantFrom('problem' as const, 'google' as const, 'openai' as const),
      statusMap: fc.constant({}),
    }),
  ],
  (error, id, accept, options) => {
    const { req, res, said } = response(accept);
    answer(req, res, error, givenRequestId(id) ?? 'made-by-the-guard', options);
    same(res.statusCode, error.status);
    const length = Buffer.byteLength(said());
    same([res.getHeader('content-length'), length > 0, length <= 4096], [length, true, true]);
    expect(JSON.parse(said())).toBeInstanceOf(Object);
    for (const [name, value] of Object.entries(res.getHeaders()))
      expect([name, String(value)]).toEqual([name, expect.stringMatching(/^[\x20-\x7e]*$/)]);
  },
  { share: 0.3 },
);

property('an id of somebody else is taken as it is, or not at all', [fc.oneof(requestId, anything)], (given) => {
  const id = givenRequestId(given);
  same(id === undefined || (id === given && /^[\w.-]{8,128}$/.test(id)), true);
});

const other = fc.constantFrom(undefined, '"other";r=5;t=1', '"caller";r=9;t=9', '"a";r=1;t=1, "b";r=2;t=2', '', ',');
const limit = fc.record({
  limit: fc.nat(10_000),
  windowMs: fc.integer({ min: 1, max: 86_400_000 }),
  remaining: fc.integer({ min: -5, max: 10_000 }),
  resetMs: fc.nat(86_400_000),
});

property(
  "a caller's limit stands once in its header, whatever stood there, and the browser finds the wait of a used-up one",
  [limit, other, fc.boolean()],
  (state, stood, isTwice) => {
    const { res } = response();
    if (stood !== undefined) res.setHeader('RateLimit', stood);
    showLimit(res, state);
    if (isTwice) showLimit(res, state);
    const items = String(res.getHeader('ratelimit')).split(', ');
    const ours = items.filter((item) => item.startsWith('"caller"'));
    same(ours, [`"caller";r=${Math.max(0, state.remaining)};t=${Math.ceil(state.resetMs / 1000)}`]);
    for (const item of String(stood ?? '')
      .split(',')
      .map((one) => one.trim())) {
      if (item && !item.startsWith('"caller"')) expect(items).toContain(item);
    }
    const waits = retryAfterMs({ ratelimit: ours[0] as string });
    same(waits, state.remaining <= 0 ? Math.ceil(state.resetMs / 1000) * 1000 : undefined);
  },
);

const path = fc
  .array(
    fc.oneof(
      text,
      fc.constantFrom(
        '/v1beta/',
        'models/',
        'gemini-3.8-flash',
        ':generateContent',
        '..',
        '#',
        '?key=',
        '%2e',
        '/',
        'projects/p/',
        'locations/us-east1/',
      ),
    ),
    { maxLength: 7 },
  )
  .map((pieces) => pieces.join(''));

property(
  'an address asks for a plain model, or is refused before it costs anything; its model is a valid header',
  [path, fc.constantFrom('GET', 'POST', 'DELETE')],
  (tail, verb) => {
    const { res } = response();
    try {
      const { model, host } = targetOf(`https://generativelanguage.googleapis.com/${tail}`, verb);
      same(host, 'generativelanguage.googleapis.com');
      expect(model).toMatch(/^(?:[a-z\d](?:[\w.@-]{0,126}[a-z\d])?)?$/i);
      res.setHeader('Access-Control-Allow-Origin', '*');
      showModel(res, model);
    } catch (error) {
      expect(error).toMatchObject({ kind: 'invalid_request', source: 'guard' });
    }
  },
);
