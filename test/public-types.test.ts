import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { GoogleGenAI } from '@google/genai';
import type * as browser from '../src/frontend/index.ts';
import type * as react from '../src/frontend/react.ts';
import type * as m from '../src/index.ts';
import type * as register from '../src/register.ts';
import type * as status from '../src/status/index.ts';
import type * as fake from '../src/testing/index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Two types are one: neither is wider, optional or read-only where the other is not. The compiler is the test. */
const same = <A, B>(_: Same<A, B>): void => {};
/** A value of one type may be given where the other is expected. */
const fits = <A, B>(_: A extends B ? true : false): void => {};
type First<F extends (...args: never[]) => unknown> = Parameters<F>[0];
type OptionsOf<F extends (...args: never[]) => unknown> = NonNullable<First<F>>;

test('the parts take the options that are named after them, and make guards', () => {
  same<OptionsOf<typeof m.errorNormalizer>, m.ErrorNormalizerOptions>(true);
  same<OptionsOf<typeof m.log>, m.Logger>(true);
  same<OptionsOf<typeof m.rateLimit>, m.RateLimitOptions>(true);
  same<OptionsOf<typeof m.timeout>, m.TimeoutOptions>(true);
  same<First<typeof m.failover>, m.FailoverOptions>(true);
  same<OptionsOf<typeof m.retry>, m.RetryOptions>(true);
  same<OptionsOf<typeof m.keys>, m.KeysOptions>(true);
  same<OptionsOf<typeof m.tokenLimit>, m.TokenLimitOptions>(true);
  same<OptionsOf<typeof m.quota>, m.QuotaOptions>(true);
  same<OptionsOf<typeof m.circuitBreaker>, m.CircuitBreakerOptions>(true);
  same<OptionsOf<typeof m.bulkhead>, m.BulkheadOptions>(true);
  same<OptionsOf<typeof m.geminiGuard>, m.GeminiGuardOptions>(true);
  same<ReturnType<typeof m.geminiGuard | typeof m.retry | typeof m.failover>, m.Guard>(true);
  same<typeof register.guard, m.Guard>(true);
});

test('each part can be configured or switched off by its name', () => {
  type Off<K extends keyof m.GeminiGuardOptions> = Exclude<m.GeminiGuardOptions[K], undefined>;
  same<Off<'retry'>, m.RetryOptions | false>(true);
  same<Off<'quota'>, m.QuotaOptions | false>(true);
  same<Off<'alerts'>, m.AlertOptions | false>(true);
  same<Off<'keys'>, m.KeysOptions | false>(true);
  same<m.KeysOptions[number], string | m.KeyOptions>(true);
  same<Off<'prices'>, Record<string, m.Price>>(true);
  fits<m.RedisOptions, Off<'redis'>>(true);
  fits<m.ErrorNormalizerOptions, m.GeminiGuardOptions>(true);
  fits<{ retires: object }, m.GeminiGuardOptions>(false);
  fits<{ baseMs: string }, m.RetryOptions>(false);
});

test('no option must be given, but where to fail over and where to send alerts', () => {
  type Optional = m.GeminiGuardOptions & m.SendStreamOptions & m.RunOptions & m.UnderstandOptions & m.AlertOptions;
  fits<object, Partial<Optional>>(true);
  fits<Record<never, never>, m.RetryOptions & m.TimeoutOptions & m.BulkheadOptions & m.CircuitBreakerOptions>(true);
  fits<Record<never, never>, m.WebhookOptions>(false);
  fits<Record<never, never>, m.KeyOptions>(false);
  fits<Record<never, never>, fake.FakeGeminiOptions & fake.PolitenessOptions & fake.AnswerOptions>(true);
});

test('a guard is middleware, a handler, a fetch and a client', () => {
  fits<m.Guard, (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void>(true);
  fits<m.Guard, (ctx: m.KoaLike, next: () => Promise<unknown>) => Promise<void>>(true);
  same<m.Guard['fetch'], typeof fetch>(true);
  same<m.Guard['errors'], m.ErrorHandler>(true);
  same<m.Guard['keys'], m.Keys>(true);
  same<ReturnType<m.Guard['client']> | m.RunContext['gemini'], GoogleGenAI>(true);
  same<ReturnType<m.Guard['status']>, m.GuardStatus>(true);
  same<ReturnType<m.Guard['stats']>, m.GuardStats>(true);
  same<m.GuardStats['total'], m.Figures>(true);
  same<m.Figures['latencyMs'], m.Percentiles>(true);
  same<NonNullable<m.GuardStatus['alerts']>, m.AlertsStatus>(true);
  same<m.GuardStatus['keys'], readonly m.KeyStatus[]>(true);
  same<m.KeyStatus['state'], 'active' | 'resting' | 'benched'>(true);
});

test('what is thrown and what the browser gets are told apart by closed lists', () => {
  same<InstanceType<typeof m.GeminiError>['kind'], m.Kind>(true);
  same<keyof typeof m.KINDS, m.Kind>(true);
  same<keyof typeof m.CODES, m.Code>(true);
  same<m.Problem['code'], m.Code>(true);
  same<m.Problem['source'] | m.GeminiError['source'], m.Source>(true);
  same<m.Source, 'upstream' | 'guard' | 'caller'>(true);
  same<ReturnType<typeof m.understand>, m.GeminiError>(true);
  same<m.GeminiError['upstream'], m.Upstream | undefined>(true);
  same<NonNullable<m.Upstream['quota']>, m.Quota>(true);
  fits<typeof m.isGeminiError, (value: unknown) => value is m.GeminiError>(true);
  same<Parameters<m.Format>, [problem: m.Problem, error: m.GeminiError]>(true);
  fits<'timed_out', m.Code>(false);
  fits<string, m.Kind>(false);
});

test('events are known by their names', () => {
  same<m.EventName, keyof m.GuardEvents>(true);
  same<m.GuardEvents['answer'], m.AnswerEvent>(true);
  same<m.AnswerEvent['tokens'], m.Tokens>(true);
  same<m.AnswerEvent['code'], m.Code | 'ok' | 'app_error'>(true);
  same<m.GuardEvents['alert'], m.AlertEvent>(true);
  same<m.AlertEvent['name'], m.AlertName>(true);
  same<keyof typeof m.ALERTS, m.AlertName>(true);
  same<First<m.AlertHook>, m.AlertEvent>(true);
  fits<m.Webhook, m.AlertHook>(true);
  same<ReturnType<typeof m.webhook>, m.Webhook>(true);
  same<First<typeof m.webhook>, m.WebhookOptions>(true);
  same<ReturnType<m.Webhook['status']>, m.WebhookStatus>(true);
  fits<'answered', m.EventName>(false);
});

test('a policy wraps a call and cannot invent its result', () => {
  same<ReturnType<typeof m.compose>, m.Policy>(true);
  fits<<T>(call: m.Call, next: m.Next<T>) => Promise<T>, m.Policy>(true);
  fits<(call: m.Call) => Promise<string>, m.Policy>(false);
  same<m.Call['clock'], m.Clock>(true);
  fits<m.VisitorRequest, IncomingMessage>(true);
  same<Parameters<NonNullable<m.RateLimitOptions['key']>>, [req: m.VisitorRequest]>(true);
});

test('a stream goes to a response or a context', () => {
  same<Parameters<typeof m.sendStream>[0], ServerResponse | m.KoaLike>(true);
  same<Parameters<typeof m.sendStream>[1], m.GeminiStream>(true);
  same<NonNullable<m.SendStreamOptions['as']>, 'sse' | 'ndjson' | 'text' | 'ai-sdk' | 'openai'>(true);
  fits<Promise<AsyncGenerator<{ text: string }>>, m.GeminiStream>(true);
  fits<string, m.GeminiStream>(false);
});

test('the page takes a guard, and is middleware', () => {
  same<Parameters<typeof status.statusPage>[0], m.Guard>(true);
  same<NonNullable<Parameters<typeof status.statusPage>[1]>, status.StatusPageOptions>(true);
  same<ReturnType<typeof status.statusPage>, status.StatusPage>(true);
  same<ReturnType<NonNullable<status.StatusPageOptions['auth']>>, boolean | Promise<boolean>>(true);
});

test('the browser has the same problem and the same codes', () => {
  same<browser.Problem, m.Problem>(true);
  same<browser.Code, m.Code>(true);
  same<ReturnType<typeof browser.toProblem>, m.Problem>(true);
  same<ReturnType<typeof browser.problemFrom>, Promise<m.Problem | undefined>>(true);
  same<ReturnType<typeof browser.retryAfterMs>, number | undefined>(true);
  same<ReturnType<typeof browser.countdown>, Promise<void>>(true);
  same<OptionsOf<typeof browser.guardFetch>, browser.GuardFetchOptions>(true);
  fits<typeof fetch, browser.Fetch>(true);
  fits<browser.Fetch, ReturnType<typeof browser.guardFetch>>(true);
  fits<typeof browser.isProblem, (value: unknown) => value is m.Problem>(true);
  fits<typeof browser.ProblemError.is, (value: unknown) => value is browser.ProblemError>(true);
  fits<ReturnType<typeof browser.readStream<string>>, AsyncIterable<string>>(true);
  same<ReturnType<typeof react.useRetryCountdown>, react.RetryCountdown>(true);
});

test('the fake is scripted with replies', () => {
  same<ReturnType<typeof fake.fakeGemini>, Promise<fake.FakeGemini>>(true);
  same<ReturnType<(typeof fake.fault)['overloaded']> | ReturnType<fake.Answer>, fake.Reply>(true);
  same<typeof fake.answer, fake.Answer>(true);
  fits<fake.Reply | ((call: fake.Call) => fake.Reply), fake.ScriptItem>(true);
  fits<typeof fake.fault.overloaded, fake.ScriptItem>(false); // a builder, not what it builds
  same<fake.FakeGemini['calls'], readonly fake.Call[]>(true);
  same<fake.Call['outcome'], fake.Outcome>(true);
  same<fake.Call['error'], fake.ErrorStatus | undefined>(true);
  same<Awaited<ReturnType<fake.FakeGemini['politeness']>>, readonly fake.Verdict[]>(true);
  same<fake.Verdict['rule'], fake.Rule>(true);
  same<First<fake.FakeGemini['latency']>, fake.Latency>(true);
  same<NonNullable<fake.QuotaFaultOptions['tier'] | fake.FakeGeminiOptions['tier']>, fake.Tier>(true);
  same<NonNullable<fake.FakeGeminiOptions['limits']>[string], fake.Limits>(true);
  same<NonNullable<fake.AnswerOptions['usage']>, fake.Usage>(true);
  same<NonNullable<fake.AnswerOptions['parts']>[number], fake.Part>(true);
  same<First<fake.Reply['play']>, fake.Exchange>(true);
  same<fake.Exchange['target'], fake.Target>(true);
  same<fake.Target['stream'], fake.StreamShape | undefined>(true);
  same<Parameters<typeof fake.fault.streamErrorAfter>[1], fake.StreamErrorShape | undefined>(true);
  fits<fake.FakeKey[], NonNullable<fake.FakeGeminiOptions['keys']>>(true);
  fits<{ model: string; times: number }, NonNullable<Parameters<fake.FakeGemini['script']>[1]>>(true);
  fits<{ url: string }, fake.CallFilter>(false);
});

test('every public name is looked at here', () => {
  const root = join(__dirname, '..');
  const text = readFileSync(__filename, 'utf8');
  for (const report of readdirSync(join(root, 'api'))) {
    const names = [...readFileSync(join(root, 'api', report), 'utf8').matchAll(/^\/\/ (\w+)$/gm)].map(
      ([, name]) => name,
    );
    expect([
      report,
      names.filter((name) => !new RegExp(`\\b(?:m|browser|react|register|status|fake)\\.${name}\\b`).test(text)),
    ]).toEqual([report, []]);
  }
});
