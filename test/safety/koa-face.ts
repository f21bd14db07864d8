import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import Koa, { type Context, type Next } from 'koa';

type Layer = (...given: unknown[]) => unknown;

/**
 * A real Koa app with the face of an Express app, so that one case plays on all frameworks. Guards are mounted as what they are
 * in Koa; handlers written for Express run as one Koa middleware each: what they answer goes to `ctx.body`, or to the bare
 * response once they write in pieces, and what they throw or pass to `next` is thrown.
 */
function make(): ReturnType<typeof express> {
  const app = new Koa();
  app.silent = true;
  const face = (req: IncomingMessage, res: ServerResponse): unknown => callback(req, res);
  let callback = app.callback();
  const mount = (matches: (ctx: Context) => boolean, layers: unknown[]): typeof face => {
    for (const layer of layers.flat(Number.POSITIVE_INFINITY) as Layer[]) {
      const run = isOurs(layer) ? layer : asKoa(layer);
      app.use(async (ctx, next) => (matches(ctx) ? run(ctx, next) : next()));
    }
    callback = app.callback();
    return face;
  };
  const at =
    (method?: string) =>
    (path: string, ...layers: unknown[]) =>
      mount((ctx) => {
        if (ctx.path !== path || (method !== undefined && ctx.method !== method)) return false;
        // As @koa/router leaves it.
        ctx._matchedRoute = path;
        return true;
      }, layers);
  return Object.assign(face, {
    use: (...layers: unknown[]) => mount(() => true, layers),
    all: at(),
    get: at('GET'),
    post: at('POST'),
    set(name: string, value: unknown) {
      if (name !== 'trust proxy') return face;
      app.proxy = value !== false;
      app.maxIpsCount = typeof value === 'number' ? value : 0;
      return face;
    },
  }) as unknown as ReturnType<typeof express>;
}

/** Body parsers of Express are middleware like any other. */
export const koaFace = Object.assign(make, { json: express.json }) as unknown as typeof express;

/** A guard, or a handler that a guard has wrapped, knows Koa by itself. */
function isOurs({ name }: Layer): boolean {
  return name === 'geminiGuard' || name === 'geminiGuardHandler';
}

function asKoa(layer: Layer): (ctx: Context, next: Next) => Promise<unknown> {
  return (ctx, next) =>
    new Promise((resolve, reject) => {
      const res = face(ctx, resolve as () => void);
      const req = Object.assign(ctx.req, { query: ctx.query, body: (ctx.request as { body?: unknown }).body });
      Object.defineProperty(req, 'gemini', { configurable: true, get: () => ctx.gemini });
      const go = (...given: unknown[]): void => {
        if (given.length > 0) reject(given[0]);
        else resolve(next());
      };
      Promise.resolve(layer(req, res, go)).catch(reject);
    });
}

/** The response of Express, over that of Koa. */
function face(ctx: Context, done: () => void): unknown {
  const { res } = ctx;
  /** From here on the handler speaks for itself. */
  const bare = (): void => {
    if (ctx.respond !== false && !res.headersSent && ctx.status === 404) res.statusCode = 200;
    ctx.respond = false;
  };
  const own: Record<string, unknown> = {
    json(body: unknown) {
      if (res.headersSent) return;
      ctx.body = body as object;
      done();
    },
    send(body: unknown) {
      ctx.body = body as string;
      done();
    },
    status(code: number) {
      ctx.status = code;
      return proxy;
    },
    type(value: string) {
      ctx.type = value;
      return proxy;
    },
    set(name: string | Record<string, string>, value: string) {
      ctx.set(typeof name === 'string' ? { [name]: value } : name);
      return proxy;
    },
    writeHead(...given: [number]) {
      bare();
      res.writeHead(...given);
      return proxy;
    },
    write(...given: [string]) {
      bare();
      return res.write(...given);
    },
    end(...given: [string]) {
      bare();
      res.end(...given);
      done();
    },
  };
  const proxy: unknown = new Proxy(res, {
    get(target, name) {
      const value = typeof name === 'string' && name in own ? own[name] : Reflect.get(target, name, target);
      return typeof value === 'function' && !(name in own) ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
  return proxy;
}
