import fc from 'fast-check';
import { ProblemError, readStream } from '../../src/frontend/index.ts';
import { type SseEvent, SseReader } from '../../src/upstream/sse.ts';
import { text } from './arbitraries.ts';
import { property, same } from './property.ts';

const lineEnd = fc.constantFrom('\n', '\r\n');
const cuts = fc.array(fc.nat(400), { maxLength: 6 });

/** Cut at these places, each counted from the beginning. */
function pieces<T extends { length: number; slice(from: number, to: number): T }>(whole: T, places: number[]): T[] {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => whole.slice(from, at[i] ?? whole.length));
}

function eventsIn(parts: readonly string[]): Pick<SseEvent, 'data' | 'name'>[] {
  const reader = new SseReader();
  const events = parts.flatMap((part) => reader.push(part));
  return [...events, reader.end()].flatMap((event) => (event ? [{ data: event.data, name: event.name }] : []));
}

const block = fc.array(
  fc.oneof(
    fc.constantFrom(
      'data: {"a":1}',
      'data:',
      'event: error',
      ': x',
      '{"error":1}',
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      '\r\r',
      '\r\n\r\n',
      'id: 7',
    ),
    text,
  ),
  { maxLength: 12 },
);

property('a stream means the same wherever the network cuts it', [block, cuts], (parts, places) => {
  const stream = parts.join('');
  same([stream, eventsIn(pieces(stream, places))], [stream, eventsIn([stream])]);
});

property(
  'where an event began is where its text stands in what was pushed',
  [fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 1, maxLength: 6 }), { maxLength: 6 }), cuts],
  (datas, places) => {
    const stream = datas.map((data) => `data: ${data}\n\n`).join('');
    const reader = new SseReader();
    let pushed = 0;
    for (const part of pieces(stream, places)) {
      for (const { data, start } of reader.push(part))
        same(stream.startsWith(`data: ${data}\n\n`, pushed + start), true);
      pushed += part.length;
    }
  },
);

function response(parts: readonly Uint8Array[], type: string): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': type } });
}

async function read(of: Response): Promise<{ values: unknown[]; error: unknown }> {
  const values: unknown[] = [];
  try {
    for await (const value of readStream<unknown>(of)) values.push(value);
  } catch (error) {
    return { values, error };
  }
  return { values, error: undefined };
}

const utf8 = new TextEncoder();
const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((some) => !/[\r\n]/.test(some));

// A Response and its stream cost a hundred times what parsing does.
property(
  'a browser reads the messages that a server wrote, wherever the network cuts them',
  [fc.array(line, { maxLength: 5 }), lineEnd, cuts],
  async (messages, end, places) => {
    const stream = `${messages.map((message) => `data: ${message}${end}${end}`).join('')}event: done${end}data: {}${end}${end}`;
    const { values, error } = await read(response(pieces(utf8.encode(stream), places), 'text/event-stream'));
    same([values, error], [messages, undefined]);
  },
  { share: 0.3 },
);

property(
  'so it does the lines of NDJSON',
  [fc.array(fc.record({ text: line }, { noNullPrototype: true }), { maxLength: 5 }), lineEnd, cuts],
  async (rows, end, places) => {
    const stream = [...rows, { type: 'done' }].map((row) => `${JSON.stringify(row)}${end}`).join('');
    const { values, error } = await read(response(pieces(utf8.encode(stream), places), 'application/x-ndjson'));
    same([values, error], [rows, undefined]);
  },
  { share: 0.3 },
);

property(
  'a stream of any bytes ends with its end mark or with a ProblemError',
  [
    fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc
          .constantFrom(
            'data: a\n\n',
            'event: done\n',
            'event: error\ndata: {}\n\n',
            '{"type":"error"}\n',
            'null\n',
            '{"type":"done"}\n',
          )
          .map((some) => utf8.encode(some)),
      ),
      { maxLength: 6 },
    ),
    fc.constantFrom('text/event-stream', 'application/x-ndjson', 'x'),
  ],
  async (parts, type) => {
    const { error } = await read(response(parts, type));
    same(error === undefined || ProblemError.is(error), true);
  },
  { share: 0.3 },
);
