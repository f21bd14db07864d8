import { eventsOf } from '../../src/errors/sse.ts';

describe('the events of a stream', () => {
  test.each([
    ['data: {"a":1}\n\ndata: {"b":2}\n\n', [{ a: 1 }, { b: 2 }]],
    ['\r\n data:{"a":1}\r\n\r\ndata:{"b":2}', [{ a: 1 }, { b: 2 }]],
    ['\ndata:{"a":1}\r\rdata:{"b":2}', [{ a: 1 }, { b: 2 }]],
    [': ping\n\nid: 7\nretry: 10\ndata: {"a":1}\n\n', [{ a: 1 }]],
    // One event on several lines, and several events without a blank line between them.
    ['data: {"a":\ndata: 1}\n\ndata: {"b":2}\n\n', [{ a: 1 }, { b: 2 }]],
    ['data: {"a":1}\ndata: {"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ['data: {"a":1}\nevent: end\ndata: {"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ['data: [DONE]\n\ndata: {"a":1}\n\n', [{ a: 1 }]],
    // A line end inside a number is no JSON.
    ['data:[1\ndata:2]\n\n', []],
    // What Google ends a stream with that has failed.
    ['data: {"a":1}\n\n{"error":\n{"code":499}}', [{ a: 1 }, { error: { code: 499 } }]],
    ['data: {"a":1}\n\n[1\n2]', [{ a: 1 }]],
  ])('%j', (text, events) => {
    expect(eventsOf(text)).toEqual(events);
  });

  test.each([
    ['event: error\ndata: {"code":503}\n\n', [{ error: { code: 503 } }]],
    ['event:  error \ndata: {"code":503}\n\n', [{ error: { code: 503 } }]],
    ['event: error\ndata: {"error":{"code":503}}\n\n', [{ error: { code: 503 } }]],
    ['event: error\ndata: [{"code":503}]\n\n', [[{ code: 503 }]]],
    ['event: message\ndata: {"code":503}\n\n', [{ code: 503 }]],
    ['event: error\ndata: {"code":503}\n\ndata: {"code":1}\n\n', [{ error: { code: 503 } }, { code: 1 }]],
    ['data: event:\n\ndata: {"code":1}\n\n', [{ code: 1 }]],
  ])('an error in its event may stand without an envelope: %j', (text, events) => {
    expect(eventsOf(text)).toEqual(events);
  });

  test.each([
    '',
    '{"a":1}',
    'text\ndata: {"a":1}\n\n',
    'metadata: {"a":1}',
    '[\n{"a":1}\n]',
  ])('are none in what is no stream: %j', (text) => expect(eventsOf(text)).toEqual([]));

  test('are the last 1,024', () => {
    const events = Array.from({ length: 1025 }, (_none, at) => ({ at }));
    const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    expect(eventsOf(text)).toEqual(events.slice(1));
  });
});
