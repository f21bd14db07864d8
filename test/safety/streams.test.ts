import { request } from 'node:http';
import { sendStream } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { ManualClock, MODEL } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, route, type Stack, start } from './stack.ts';

afterEach(endAll);

const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe.each(hosts)('a stream of %s', (_name, express) => {
  /** The handler's own loop, and the guard's. */
  const begin = (guard = {}): Promise<Stack> =>
    start({
      express,
      guard,
      routes: (app, { ai }) =>
        app.get(
          '/sent',
          route(async (_req, res) => {
            await sendStream(res, ai.models.generateContentStream({ model: MODEL, contents: 'How?' }));
          }),
        ),
    });

  describe.each(['/stream', '/sent'])('by %s', (path) => {
    test.each([
      ['an error', fault.streamErrorFirst()],
      ['a cut', fault.streamCutAfter(0)],
      ['a 503', fault.overloaded()],
    ])('case 65: that breaks before its first content by %s is tried again', async (_what, reply) => {
      const stack = await begin();
      stack.gemini.script(reply);
      const { status, body } = await stack.visit(path);
      expect(status).toBe(200);
      expect(body).not.toContain('error');
      expect(await stack.over()).toMatchObject({ code: 'ok', attempts: 2 });
      expect(stack.gemini.calls).toHaveLength(2);
    });

    test.each([
      ['an error', fault.streamErrorAfter(2), 'overloaded'],
      ['a cut', fault.streamCutAfter(2), 'overloaded'],
    ])('case 65: that breaks after it by %s is not, and says so in one typed event', async (_what, reply, code) => {
      const stack = await begin();
      // What comes in one packet is judged as one: nothing has been sent yet, and it is tried again.
      stack.gemini.latency({ chunkMs: 20 });
      stack.gemini.script(reply);
      const { status, body } = await stack.visit(path);
      expect(status).toBe(200);
      expect(body.match(/^event: error$/gm)).toHaveLength(1);
      const [, said = ''] = /^event: error\ndata: (.*)$/m.exec(body) ?? [];
      expect(JSON.parse(said)).toMatchObject({ code, status: 503 });
      expect(body).not.toContain('[DONE]');
      await stack.over();
      expect(stack.gemini.calls).toHaveLength(1);
    });
  });
});

describe.each(hosts)('a visitor of %s who reads nothing', (_name, express) => {
  test('case 40: holds back the upstream, and after a minute his stream is ended', async () => {
    const clock = new ManualClock();
    const stack = await start({
      express,
      guard: { clock },
      routes: (app, { ai }) =>
        app.get(
          '/sent',
          route(async (_req, res) => {
            await sendStream(res, ai.models.generateContentStream({ model: MODEL, contents: 'How?' }));
          }),
        ),
    });
    let written = 0;
    stack.gemini.script({
      name: 'without end',
      async play({ response }) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const parts = [{ text: 'x'.repeat(65_536) }];
        const chunk = `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts } }] })}\r\n\r\n`;
        const closed = new Promise((resolve) => response.once('close', resolve));
        while (!response.destroyed) {
          if (!response.write(chunk)) {
            await Promise.race([new Promise((resolve) => response.once('drain', resolve)), closed]);
          }
          written += chunk.length;
        }
      },
    });
    const visitor = request(`${stack.url}/sent`, { agent: false }).on('error', () => {});
    const ended = new Promise<void>((resolve) => {
      visitor.on('response', (response) => {
        response.pause();
        response.on('error', () => {}).on('close', resolve);
      });
    });
    visitor.end();
    let last = -1;
    for (let same = 0; same < 30; same++) {
      if (written !== last) same = 0;
      last = written;
      await turns(10);
    }
    // What the kernel takes for four sockets, and nothing besides.
    expect(written).toBeLessThan(64 * 1024 * 1024);
    expect(stack.guard.status().parts.bulkhead).toMatchObject({ running: 1 });
    clock.advance(60_000);
    await stack.gemini.waitForAbort();
    expect(await stack.over()).toMatchObject({ code: 'client_closed', status: 499 });
    expect(stack.guard.status().parts.bulkhead).toMatchObject({ running: 0 });
    expect(clock.pending).toBe(0);
    visitor.destroy();
    await Promise.race([ended, turns(50)]);
  });
});
