import Koa, { type DefaultContext, type Middleware, type ParameterizedContext } from 'koa';
import type { GeminiGuardOptions } from '../../src/index.ts';
import { QUESTION, type Stage, type StageHand, stageHand } from './stage.ts';

export type Context = ParameterizedContext<Koa.DefaultState, DefaultContext>;

// biome-ignore lint/suspicious/noExplicitAny: routers want a context of their own.
export type Layer = Middleware<Koa.DefaultState, any>;

/** What a case of Koa plays on: as that of Express, with an app in place of a framework. */
export interface KoaStage extends Omit<Stage, 'express' | 'isExpress4' | 'ask' | 'caught' | 'get'> {
  /** Asks the fake through the guard and answers its text; a failure is thrown. */
  readonly ask: Middleware;
  /** An app of these, in this order; it prints nothing, and keeps the errors that reached it in `errors`. */
  app(...middleware: Layer[]): Koa;
  readonly errors: unknown[];
  get(app: Koa, path?: string, init?: RequestInit): Promise<Response>;
}

export interface KoaStageHand extends Omit<StageHand, 'stage'> {
  stage(options?: GeminiGuardOptions): Promise<KoaStage>;
}

export async function koaStageHand(): Promise<KoaStageHand> {
  const hand = await stageHand();
  return {
    ...hand,
    async stage(options) {
      const stage = await hand.stage(undefined as never, false, options);
      const errors: unknown[] = [];
      return {
        ...stage,
        errors,
        ask: async (ctx) => {
          ctx.body = { text: (await stage.ai.models.generateContent(QUESTION)).text };
        },
        app(...middleware) {
          const app = new Koa();
          app.on('error', (error) => errors.push(error));
          for (const one of middleware) app.use(one);
          return app;
        },
        get: async (app, path = '/', init) => fetch((await stage.serve(app.callback())) + path, init),
      };
    },
  };
}
