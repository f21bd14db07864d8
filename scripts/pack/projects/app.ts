import express, { type Request, type Response } from 'express';
import { type GeminiGuardOptions, geminiGuard, type Problem, retry } from 'gemini-guard';
import { countdown, isProblem } from 'gemini-guard/frontend';
import type { useRetryCountdown } from 'gemini-guard/frontend/react';
import { statusPage } from 'gemini-guard/status';
import { type FakeGemini, fakeGemini } from 'gemini-guard/testing';
import 'gemini-guard/register';
import { check, listening } from './check.mjs';

const options: GeminiGuardOptions = { log: false, rateLimit: { requests: 20, key: (req) => req.url } };
// @ts-expect-error a misspelt option
export const misspelt: GeminiGuardOptions = { retires: {} };
// @ts-expect-error no such code
export const code: Problem['code'] = 'timed_out';
export const start: () => Promise<FakeGemini> = () => fakeGemini();
export const guess = (value: unknown): string | undefined => (isProblem(value) ? value.detail : undefined);
export const wait: Promise<void> = countdown(0, (seconds: number) => void seconds);
export const hook: typeof useRetryCountdown | undefined = undefined;

check(() => {
  const app = express();
  const guard = geminiGuard(options);
  app.use(guard);
  app.use('/gemini-status', statusPage(guard));
  app.get('/ask', retry({ attempts: 2 }), async (req: Request, res: Response) => {
    const answer = await req.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hello?' });
    const text: string | undefined = answer.text;
    res.json({ text });
  });
  return listening(app.listen(0), guard);
});
