import { SseReader } from '../../src/upstream/sse.ts';

const read = (...pushes: string[]) => {
  const reader = new SseReader();
  const events = pushes.flatMap((text) => reader.push(text).map(({ data, name, start }) => ({ data, name, start })));
  const last = reader.end();
  return { events, last: last?.data };
};

test.each([
  ['\n\n', 'data: a\n\ndata: b\n\n'],
  ['\r\n\r\n', 'data: a\r\n\r\ndata: b\r\n\r\n'],
  ['\r\r', 'data: a\r\rdata: b\r\r'],
])('events end with a blank line of the style %j', (_style, text) => {
  expect(read(text).events.map(({ data }) => data)).toEqual(['a', 'b']);
});

test('wherever the packets are cut, the events are the same', () => {
  const text =
    ': hello\r\n\r\nevent: error\r\ndata: one\r\ndata: two\r\nid: 7\r\n\r\ndata:three\r\n\r\n{"bare":\r\n1}\r\n\r\ndata: end';
  const whole = read(text);
  expect(whole.events.map(({ data, name }) => [data, name])).toEqual([
    ['one\ntwo', 'error'],
    ['three', ''],
    ['{"bare":\n1}', ''],
  ]);
  expect(whole.last).toBe('end');
  for (let cut = 1; cut < text.length; cut++) {
    const { events, last } = read(text.slice(0, cut), text.slice(cut));
    expect(events.map(({ data, name }) => ({ data, name }))).toEqual(
      whole.events.map(({ data, name }) => ({ data, name })),
    );
    expect(last).toBe('end');
  }
  const { events } = read(...text);
  expect(events).toHaveLength(3);
});

test('an event knows where in the packet it began', () => {
  expect(read('data: a\n\ndata: b\n\n').events.map(({ start }) => start)).toEqual([0, 9]);
  const [, second] = read('data: a\n\nda', 'ta: b\n\n').events;
  expect(second?.start).toBe(-2);
});

test('bare JSON that is not finished is shown with its place', () => {
  const reader = new SseReader();
  reader.push('data: a\n\n{"error": {');
  expect(reader.bare).toEqual({ text: '{"error": {', start: 9 });
  reader.push('"code": 503}}');
  expect(reader.bare).toEqual({ text: '{"error": {"code": 503}}', start: 0 });
  const other = new SseReader();
  other.push('data: {');
  expect(other.bare).toBeUndefined();
});

test('an event that never ends is refused', () => {
  const reader = new SseReader(10);
  expect(() => reader.push('data: 0123456789')).toThrow(RangeError);
});
