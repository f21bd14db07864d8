import { ProblemError, readStream } from '../../src/frontend/index.ts';
import { aProblem, failed, streamed } from './a-problem.ts';

const NDJSON = 'application/x-ndjson';
const DONE = 'event: done\ndata: {}\n\n';
const PROBLEM = JSON.stringify(aProblem());

/** All that comes, and what it ends with. */
async function all(response: Response): Promise<{ got: unknown[]; error: unknown }> {
  const got: unknown[] = [];
  try {
    for await (const value of readStream<unknown>(response)) got.push(value);
  } catch (error) {
    return { got, error };
  }
  return { got, error: undefined };
}

const cutShort = expect.objectContaining({
  name: 'ProblemError',
  problem: expect.objectContaining({ code: 'overloaded', status: 503, retryable: true }),
});

describe('server-sent events', () => {
  const WHOLE = [
    ': a comment, as a heartbeat',
    '',
    'retry: 10000',
    'id: 1',
    'data: {"text":"Rayleigh"}',
    '',
    'event: message',
    'data:  two lines, one space',
    'data:of "sc\u00e4ttering" \u2028 event: done',
    'data',
    '',
    'event: usage',
    'data: {"tokens":5}',
    '',
    'event: usage',
    '',
    '',
    'data: {"type":"done"}',
    '',
    'event: done',
    'data: {}',
    '',
    'data: after the end',
    '',
    '',
  ];
  const DATA = [
    '{"text":"Rayleigh"}',
    ' two lines, one space\nof "sc\u00e4ttering" \u2028 event: done',
    '{"type":"done"}',
  ];

  it.each([1, 2, 3, 7, 1000])('come as they were sent, in pieces of %i', async (size) => {
    for (const end of ['\n', '\r\n']) {
      const text = WHOLE.join(end);
      const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
      expect(await all(streamed(pieces).response)).toEqual({ got: DATA, error: undefined });
    }
  });

  it('may be cut within a character', async () => {
    const bytes = new TextEncoder().encode(`data: \u00e4\u{1f600}\n\n${DONE}`);
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const response = new Response(body, { headers: { 'content-type': 'Text/Event-Stream; charset=utf-8' } });
    expect(await all(response)).toEqual({ got: ['\u00e4\u{1f600}'], error: undefined });
  });

  it('throw what the server says at last', async () => {
    const { response } = streamed(['data: a\n\n', `\n\nevent: error\ndata: ${PROBLEM}\n\n`, 'data: b\n\n']);
    const { got, error } = await all(response);
    expect(got).toEqual(['a']);
    expect(ProblemError.is(error) && error.problem).toEqual(aProblem());
  });

  it('throw internal where that is no problem', async () => {
    const { error } = await all(streamed(['event: error\ndata: <h1>no</h1>\n\n']).response);
    expect(error).toMatchObject({ problem: { code: 'internal' } });
  });

  it.each<[string, string[], unknown[]]>([
    ['nothing at all', [], []],
    ['no end mark', ['data: a\n\n'], ['a']],
    ['half an event', ['data: a\n\ndata: {"te'], ['a']],
    ['an event that is not closed', ['data: a\n\ndata: b\n'], ['a']],
    ['an end mark that is not closed', ['data: a\n\nevent: done\n'], ['a']],
  ])('with %s are cut', async (_, pieces, got) => {
    expect(await all(streamed(pieces).response)).toEqual({ got, error: cutShort });
  });
});

describe('NDJSON', () => {
  it.each([1, 5, 1000])('comes as it was sent, in pieces of %i', async (size) => {
    const text =
      '{"text":"a"}\r\n\n  \n{"type":"usage","data":"event: done"}\n"data: b"\n0\n{"type":"done"}\n{"text":"after"}\n';
    const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
    const got = [{ text: 'a' }, { type: 'usage', data: 'event: done' }, 'data: b', 0];
    expect(await all(streamed(pieces, { type: NDJSON }).response)).toEqual({ got, error: undefined });
  });

  it('may lack its last line end', async () => {
    const { response } = streamed(['{"text":"a"}\n{"type":"done"}'], { type: NDJSON });
    expect(await all(response)).toEqual({ got: [{ text: 'a' }], error: undefined });
  });

  it('throws what the server says at last', async () => {
    const { response } = streamed([`{"text":"a"}\n{"type":"error","problem":${PROBLEM}}\n`], { type: NDJSON });
    const { got, error } = await all(response);
    expect(got).toEqual([{ text: 'a' }]);
    expect(ProblemError.is(error) && error.problem).toEqual(aProblem());
  });

  it.each<[string, string[], unknown[]]>([
    ['nothing at all', [], []],
    ['no end mark', ['{"a":1}\n'], [{ a: 1 }]],
    ['half a line', ['{"a":1}\n{"te'], [{ a: 1 }]],
    ['a page', ['<html>\n<h1>Bad Gateway</h1>'], []],
  ])('with %s is cut', async (_, pieces, got) => {
    expect(await all(streamed(pieces, { type: NDJSON }).response)).toEqual({ got, error: cutShort });
  });
});

describe('a body', () => {
  it('that is cut is overloaded, and tells its cause', async () => {
    const cause = new TypeError('network error');
    const { got, error } = await all(streamed(['data: a\n\n'], { end: cause }).response);
    expect({ got, error }).toEqual({ got: ['a'], error: cutShort });
    expect((error as Error).cause).toBe(cause);
  });

  it('that is aborted, or too late for the caller, rejects as fetch does', async () => {
    for (const name of ['AbortError', 'TimeoutError']) {
      const end = new DOMException('over', name);
      expect((await all(streamed(['data: a\n\n'], { end }).response)).error).toBe(end);
    }
  });

  it('that is not there is cut', async () => {
    expect(await all(new Response(null))).toEqual({ got: [], error: cutShort });
  });

  it('of a failed answer is its problem', async () => {
    expect((await all(failed())).error).toMatchObject({ name: 'ProblemError', problem: aProblem() });
  });

  it.each(['text/event-stream', NDJSON])('of %s is cancelled when the loop is left', async (type) => {
    const sent = type === NDJSON ? '{"a":1}\n{"a":2}\n' : 'data: a\n\ndata: b\n\n';
    const { response, cancelled } = streamed([sent], { type, end: 'open' });
    for await (const _ of readStream(response)) break;
    expect(cancelled).toHaveLength(1);
  });

  it('is cancelled after its end mark, and after an error', async () => {
    for (const last of [DONE, `event: error\ndata: ${PROBLEM}\n\n`]) {
      const { response, cancelled } = streamed([last], { end: 'open' });
      await all(response);
      expect(cancelled).toHaveLength(1);
    }
  });

  it('of one line of many pieces is read in linear time', async () => {
    const pieces = Array.from({ length: 5000 }, () => 'x'.repeat(5000));
    const { got, error } = await all(streamed(['data: ', ...pieces, '\n\n', DONE]).response);
    expect([(got[0] as string).length, error]).toEqual([25_000_000, undefined]);
  });
});
