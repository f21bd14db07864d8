import { PassThrough, Readable, Transform } from 'node:stream';
import { createGzip, gunzipSync } from 'node:zlib';
import type { Middleware } from 'koa';
import { answer } from '../../src/testing/index.ts';
import { type Context, type KoaStage, type KoaStageHand, koaStageHand } from './koa-stage.ts';
import { expectProblem, QUESTION } from './stage.ts';
import { exchangeBytes } from './wire.ts';

let hand: KoaStageHand;
let stage: KoaStage;

beforeAll(async () => {
  hand = await koaStageHand();
});
beforeEach(async () => {
  stage = await hand.stage();
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

/** What a model says, as it comes; the call is made when the first of it is wanted. */
async function* events(): AsyncGenerator<string> {
  for await (const { text } of await stage.ai.models.generateContentStream(QUESTION)) yield `data: ${text}\n\n`;
  yield 'data: [DONE]\n\n';
}

/** One piece, and then the failure. */
async function* broken(failure: unknown = stage.raw): AsyncGenerator<string> {
  yield 'data: Hel';
  // Koa has written the first piece once the next is wanted, but the visitor need not have it yet.
  await new Promise((resolve) => setImmediate(resolve));
  throw failure;
}

function streaming(make: () => unknown, type = 'text/event-stream'): Middleware {
  return (ctx) => {
    ctx.type = type;
    ctx.body = make();
  };
}

/** What koa-compress does to a body, in short. */
const compress: Middleware = async (ctx, next) => {
  await next();
  ctx.set('Content-Encoding', 'gzip');
  ctx.body = (ctx.body as Readable).pipe(createGzip());
};

async function exchange(...middleware: Middleware[]): ReturnType<typeof exchangeBytes> {
  return exchangeBytes(await stage.serve(stage.app(...middleware).callback()));
}

describe('a stream as the body in Koa', () => {
  test('is sent as it is, and belongs to its request although it is read after all middleware', async () => {
    stage.gemini.script(answer.stream(['Fine', ' weather.']));
    const response = await stage.get(
      stage.app(
        stage.guard,
        streaming(() => Readable.from(events())),
      ),
    );
    expect(await response.text()).toBe('data: Fine\n\ndata:  weather.\n\ndata: [DONE]\n\n');
    expect(stage.answers).toEqual([expect.objectContaining({ code: 'ok', attempts: 1 })]);
    expect(stage.answers[0]?.requestId).toBe(response.headers.get('x-request-id'));
  });

  test.each([
    ['a Readable', () => Readable.from(events())],
    ['a web stream', () => Readable.toWeb(Readable.from(events()))],
    ['a PassThrough that is destroyed', () => destroyed(new PassThrough())],
  ])('that fails before its first byte is a whole problem: %s', async (_what, make) => {
    await expectProblem(await stage.get(stage.app(stage.guard, streaming(make))));
    expect(stage.answers[0]).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(stage.errors).toEqual([]);
  });

  test('of events that fails later ends with one `event: error`, and is answered once', async () => {
    const { head, body, complete } = await exchange(
      stage.guard,
      streaming(() => Readable.from(broken())),
    );
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(body.toString()).toMatch(/^data: Hel\n\nevent: error\ndata: \{[^\n]*"code":"rate_limited"[^\n]*\}\n\n$/);
    expect(complete).toBe(true);
    expect([stage.errors, stage.guard.status()]).toMatchObject([
      [],
      { late: 0, requests: 1, codes: { rate_limited: 1 } },
    ]);
  });

  test('of text that fails later is cut', async () => {
    const { body, complete } = await exchange(
      stage.guard,
      streaming(() => Readable.from(broken()), 'text/plain'),
    );
    expect([body.toString(), complete]).toEqual(['data: Hel', false]);
    expect(stage.answers[0]).toMatchObject({ code: 'rate_limited', status: 200 });
  });

  test("that fails with the app's own error is left to Koa", async () => {
    const mine = new TypeError('mine');
    const { body, complete } = await exchange(
      stage.guard,
      streaming(() => Readable.from(broken(mine))),
    );
    expect([body.toString(), complete]).toEqual(['data: Hel', false]);
    expect(stage.answers[0]).toMatchObject({ code: 'app_error', status: 200 });
    const guarded = stage.errors.splice(0);
    expect(await exchange(streaming(() => Readable.from(broken(mine))))).toMatchObject({ complete: false });
    expect(guarded).toEqual(stage.errors);
    expect(guarded[0]).toBe(mine);
  });

  test('with errorNormalizer: false is left to Koa', async () => {
    stage = await hand.stage({ errorNormalizer: false });
    const { complete } = await exchange(
      stage.guard,
      streaming(() => Readable.from(broken())),
    );
    expect([complete, stage.errors[0]]).toEqual([false, stage.raw]);
  });

  test('of known length keeps it', async () => {
    const file = Readable.from([Buffer.from('a file')]);
    const app = stage.app(stage.guard, (ctx) => {
      ctx.body = file;
      ctx.length = 6;
    });
    const response = await stage.get(app);
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['6', 'a file']);
  });

  test('is not read where nobody wants it: HEAD, an empty status', async () => {
    const sources: Readable[] = [];
    const app = stage.app(stage.guard, (ctx) => {
      const source = Readable.from(events());
      sources.push(source);
      ctx.body = source;
      if (ctx.path === '/empty') ctx.status = 204;
    });
    const url = await stage.serve(app.callback());
    expect((await exchangeBytes(url, 'HEAD')).body).toHaveLength(0);
    expect((await exchangeBytes(`${url}/empty`)).head).toMatch(/^HTTP\/1\.1 204 /);
    expect(stage.gemini.calls).toHaveLength(0);
    expect(sources.map(({ destroyed: isOver }) => isOver)).toEqual([true, true]);
  });

  test('waits for a visitor who reads slowly', async () => {
    let made = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        made++;
        yield Buffer.alloc(65_536);
      }
    }
    const url = await stage.serve(
      stage
        .app(
          stage.guard,
          streaming(() => Readable.from(endless())),
        )
        .callback(),
    );
    const leaving = new AbortController();
    const response = await fetch(url, { signal: leaving.signal });
    const before = await settled(() => made);
    expect(before).toBeLessThan(2000);
    leaving.abort();
    await response.text().catch(() => {});
  });

  test('a failure that comes through a compressor above is compressed with the rest', async () => {
    const early = await exchange(
      compress,
      stage.guard,
      streaming(() => Readable.from(events())),
    );
    expect(early.head).toMatch(/^HTTP\/1\.1 429 [\s\S]*content-encoding: gzip/i);
    expect(JSON.parse(gunzipSync(early.body).toString())).toMatchObject({ code: 'rate_limited' });
    stage = await hand.stage();
    const late = await exchange(
      compress,
      stage.guard,
      streaming(() => Readable.from(broken())),
    );
    expect(late.head).toMatch(/^HTTP\/1\.1 200 /);
    expect(gunzipSync(late.body).toString()).toMatch(/^data: Hel\n\nevent: error\n/);
  });

  test('a failure that comes through an encoder below is cut once bytes are out: a frame would not be readable', async () => {
    const encoder = (): Transform =>
      new Transform({
        transform: (chunk, _encoding, done) =>
          done(
            null,
            Buffer.from(chunk).map((byte) => byte ^ 1),
          ),
      });
    const below: Middleware = async (ctx: Context, next) => {
      await next();
      ctx.set('Content-Encoding', 'x-own');
      const source = ctx.body as Readable;
      const encoded = encoder();
      source.on('error', (error) => encoded.destroy(error));
      ctx.body = source.pipe(encoded);
    };
    const { body, complete } = await exchange(
      stage.guard,
      below,
      streaming(() => Readable.from(broken())),
    );
    expect([body.toString().includes('event: error'), complete]).toEqual([false, false]);
    expect(stage.answers[0]).toMatchObject({ code: 'rate_limited' });
  });
});

/** Destroyed as the app would do it when its own loop over the model's words fails. */
function destroyed(stream: PassThrough): PassThrough {
  stage.ai.models.generateContentStream(QUESTION).catch((error: Error) => stream.destroy(error));
  return stream;
}

/** The number once it has stopped to grow. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 200; same++) {
    if (read() !== last) same = 0;
    last = read();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}
