import { type ApiError, GoogleGenAI } from '@google/genai';
import type express5 from 'express';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import { type AnswerEvent, type GeminiGuardOptions, type Guard, isGeminiError, type Problem } from '../../src/index.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { CANARY_KEY, CANARY_PROMPT, clientOf, listen, MODEL, quickGuard } from '../support.ts';

export const QUESTION: { model: string; contents: string } = { model: MODEL, contents: CANARY_PROMPT };

/** Longer than the guard waits by itself, so that the visitor is told. */
const DELAY = '34.074824224s';

/** What a case plays on: one framework, one fake Gemini, a fresh guard. */
export interface Stage {
  readonly express: typeof express5;
  readonly isExpress4: boolean;
  readonly gemini: FakeGemini;
  readonly guard: Guard;
  readonly ai: GoogleGenAI;
  readonly answers: AnswerEvent[];
  /** A real one of @google/genai: what an unguarded call throws. */
  readonly raw: ApiError;
  /** Asks the fake through the guard and answers its text; a failure goes to `next`. */
  readonly ask: RequestHandler;
  /** Express 4 drops what an async handler rejects with; there `guard.handler` is the cure. */
  caught(fn: RequestHandler): RequestHandler;
  get(app: Express, path?: string, init?: RequestInit): Promise<Response>;
  serve(app: Parameters<typeof listen>[0]): Promise<string>;
}

export interface StageHand {
  stage(express: typeof express5, isExpress4: boolean, options?: GeminiGuardOptions): Promise<Stage>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Sets stages up and takes them down. */
export async function stageHand(): Promise<StageHand> {
  const gemini = await fakeGemini();
  const raw = await rawFailure(gemini);
  const open: (() => Promise<void>)[] = [];

  async function serve(app: Parameters<typeof listen>[0]): Promise<string> {
    const { url, close } = await listen(app);
    open.push(close);
    return url;
  }
  return {
    async stage(express, isExpress4, options) {
      gemini.reset();
      gemini.always(fault.quotaPerMinute({ retryDelay: DELAY }));
      const guard = quickGuard(options);
      open.push(() => guard.close({ graceMs: 0 }));
      const ai = clientOf(guard, gemini.url);
      const answers: AnswerEvent[] = [];
      guard.on('answer', (event) => answers.push(event));
      return {
        express,
        isExpress4,
        gemini,
        guard,
        ai,
        answers,
        raw,
        ask: (_req, res, next) => {
          ai.models.generateContent(QUESTION).then(({ text }) => res.json({ text }), next);
        },
        caught: (fn) => (isExpress4 ? (guard.handler(fn) as RequestHandler) : fn),
        get: async (app, path = '/', init) => fetch((await serve(app)) + path, init),
        serve,
      };
    },
    async clear() {
      await Promise.all(open.splice(0).map((close) => close()));
    },
    close: () => gemini.close(),
  };
}

async function rawFailure(gemini: FakeGemini): Promise<ApiError> {
  gemini.script(fault.quotaPerMinute({ retryDelay: DELAY }));
  // Jest's global lacks the dispatcher that the SDK hands to fetch.
  const bare: typeof fetch = (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit);
  const unguarded = new GoogleGenAI({ apiKey: CANARY_KEY, httpOptions: { baseUrl: gemini.url, fetch: bare } });
  return unguarded.models.generateContent(QUESTION).then(
    () => Promise.reject(new Error('the call was expected to fail')),
    (error: unknown) => error as ApiError,
  );
}

/** Expects the answer to a used-up minute, whole and clean; returns its body. */
export async function expectProblem(response: Response): Promise<Problem> {
  const text = await response.text();
  expect([response.status, response.headers.get('content-type'), response.headers.get('retry-after')]).toEqual([
    429,
    'application/problem+json',
    // Less, where another visitor has closed the gate a while ago.
    expect.stringMatching(/^3[0-5]$/),
  ]);
  for (const secret of [CANARY_KEY, CANARY_PROMPT, 'generativelanguage', MODEL]) expect(text).not.toContain(secret);
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({
    type: 'urn:gemini-guard:rate_limited',
    code: 'rate_limited',
    status: 429,
    retryable: true,
    requestId: response.headers.get('x-request-id'),
  });
  return problem;
}

/** The user's own error handler, and what it was given. */
export function ownHandler(): { handler: ErrorRequestHandler; got: unknown[] } {
  const got: unknown[] = [];
  const handler: ErrorRequestHandler = (error, _req, res, _next) => {
    got.push(error);
    res.status(418).json({ own: true, understood: isGeminiError(error) });
  };
  return { handler, got };
}

/** How often our error handler stands in the app's stack. */
export function tailsIn(app: Express): number {
  const { stack } = (app as unknown as { _router?: { stack: { name: string }[] } })._router ?? app.router;
  return (stack as { name: string }[]).filter(({ name }) => name === 'geminiGuardErrors').length;
}
