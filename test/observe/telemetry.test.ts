import { context, metrics, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import express from 'express';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import {
  CANARY_KEY,
  CANARY_PROMPT,
  clientOf,
  listen,
  ManualClock,
  MODEL,
  memoryLogger,
  quickGuard,
  skipWaits,
} from '../support.ts';

const exporter = new InMemorySpanExporter();

class Reader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

let gemini: FakeGemini;
let reader: Reader;

beforeAll(async () => {
  gemini = await fakeGemini();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});

beforeEach(() => {
  reader = new Reader();
  metrics.disable();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});

afterEach(() => {
  exporter.reset();
  gemini.reset();
});

afterAll(async () => {
  await gemini.close();
  trace.disable();
  context.disable();
  metrics.disable();
});

interface Point {
  readonly attributes: Record<string, unknown>;
  readonly value: number | { sum: number; count: number; buckets: { boundaries: number[] } };
}

/** The points of each metric. */
async function measured(): Promise<Record<string, Point[]>> {
  const { resourceMetrics } = await reader.collect();
  const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return Object.fromEntries(all.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as never]));
}

function spans(name: RegExp): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => name.test(span.name));
}

const parentOf = (span: ReadableSpan | undefined): string | undefined => span?.parentSpanContext?.spanId;
const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId;

test('a request has a span for each call, with a child for each attempt, beneath the span of its HTTP server', async () => {
  const clock = new ManualClock();
  const { lines, logger } = memoryLogger();
  const guard = quickGuard({ clock, log: logger });
  skipWaits(guard, clock);
  const ai = clientOf(guard, gemini.url);
  const tracer = trace.getTracer('http');
  let server: Span | undefined;
  const app = express();
  app.use((_req, _res, next) => {
    server = tracer.startSpan('GET /ask', { kind: SpanKind.SERVER });
    context.with(trace.setSpan(context.active(), server), next);
  });
  app.use(guard);
  app.get('/ask', async (_req, res) => {
    const { text } = await ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT });
    res.json({ text });
  });
  const usage = { promptTokenCount: 100, candidatesTokenCount: 10, thoughtsTokenCount: 5, cachedContentTokenCount: 40 };
  gemini.script([fault.overloaded(), answer('good', { usage })]);
  const { url, close } = await listen(app);
  expect((await fetch(`${url}/ask`)).status).toBe(200);
  await close();
  await guard.close();

  const [call] = spans(/^generate_content /);
  const attempts = spans(/^attempt /);
  const { hostname, port } = new URL(gemini.url);
  expect(parentOf(call)).toBe(server?.spanContext().spanId);
  expect(attempts.map(parentOf)).toEqual([idOf(call), idOf(call)]);
  expect(call).toMatchObject({
    name: `generate_content ${MODEL}`,
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.request.model': MODEL,
      'gen_ai.response.model': MODEL,
      'gen_ai.response.finish_reasons': ['STOP'],
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 15,
      'gen_ai.usage.cache_read.input_tokens': 40,
      'gen_ai.usage.reasoning.output_tokens': 5,
      'server.address': hostname,
      'server.port': Number(port),
    },
  });
  expect(call?.events).toMatchObject([
    { name: 'gemini_guard.retry', attributes: { 'gemini_guard.kind': 'model_overloaded', 'gemini_guard.attempt': 1 } },
  ]);
  expect(attempts[0]).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'model_overloaded', 'http.response.status_code': 503 },
  });
  expect(attempts[1]).toMatchObject({
    status: { code: SpanStatusCode.UNSET },
    attributes: { 'gemini_guard.attempt': 2 },
  });
  expect(lines[0]).toMatchObject({ trace_id: server?.spanContext().traceId, code: 'ok' });
  const told = JSON.stringify(
    exporter.getFinishedSpans().map(({ name, attributes, events }) => [name, attributes, events]),
  );
  for (const secret of [CANARY_KEY, CANARY_PROMPT]) expect(told).not.toContain(secret);
});

test('what the names of 1.41 measure: seconds, seconds to the first content, tokens by type', async () => {
  const guard = quickGuard({ retry: false });
  const ai = clientOf(guard, gemini.url);
  const usage = { promptTokenCount: 100, candidatesTokenCount: 10, thoughtsTokenCount: 5 };
  gemini.script([answer('a', { usage }), fault.overloaded()]);
  for await (const _ of await ai.models.generateContentStream({ model: MODEL, contents: 'a' }));
  await ai.models.generateContent({ model: MODEL, contents: 'a' }).catch(() => {});
  await guard.close();
  const told = await measured();
  expect(Object.keys(told).sort()).toEqual([
    'gen_ai.client.operation.duration',
    'gen_ai.client.operation.time_to_first_chunk',
    'gen_ai.client.token.usage',
  ]);
  const about = {
    'gen_ai.operation.name': 'generate_content',
    'gen_ai.provider.name': 'gcp.gemini',
    'gen_ai.request.model': MODEL,
  };
  const durations = told['gen_ai.client.operation.duration'];
  expect(durations).toMatchObject([
    { attributes: about, value: { count: 1 } },
    { attributes: { ...about, 'error.type': 'model_overloaded' }, value: { count: 1 } },
  ]);
  expect(durations?.[0]?.value).toMatchObject({ buckets: { boundaries: expect.arrayContaining([0.01, 81.92]) } });
  expect(told['gen_ai.client.operation.time_to_first_chunk']).toMatchObject([{ value: { count: 1 } }]);
  expect(told['gen_ai.client.token.usage']).toMatchObject([
    { attributes: { ...about, 'gen_ai.token.type': 'input' }, value: { sum: 100, count: 1 } },
    { attributes: { ...about, 'gen_ai.token.type': 'output' }, value: { sum: 15, count: 1 } },
  ]);
});

test('who opts in gets the latest names', async () => {
  process.env.OTEL_SEMCONV_STABILITY_OPT_IN = 'http, gen_ai_latest_experimental';
  const guard = quickGuard();
  delete process.env.OTEL_SEMCONV_STABILITY_OPT_IN;
  const usage = { promptTokenCount: 100, candidatesTokenCount: 10, thoughtsTokenCount: 5, cachedContentTokenCount: 40 };
  gemini.script(answer('a', { usage }));
  await clientOf(guard, gemini.url).models.generateContent({ model: MODEL, contents: 'a' });
  await guard.close();
  const told = await measured();
  const sums = Object.entries(told).map(([name, [point]]) => [
    name.replace('gen_ai.client.inference.', ''),
    typeof point?.value === 'number' ? point.value : point?.value.count,
  ]);
  expect(Object.fromEntries(sums)).toEqual({
    duration: 1,
    'operation.input_tokens': 1,
    'operation.output_tokens': 1,
    'usage.input_tokens': 100,
    'usage.output_tokens': 15,
    'usage.cache_read.input_tokens': 40,
    'usage.reasoning.output_tokens': 5,
  });
});

test('a stream is a span until its end, and a visitor who leaves is no error', async () => {
  const guard = quickGuard();
  const ai = clientOf(guard, gemini.url);
  gemini.script([answer.stream(['a ', 'b ', 'c']), answer.stream(['a ', 'b ', 'c'])]);
  const ask = () => ai.models.generateContentStream({ model: MODEL, contents: 'a' });
  for await (const { text } of await ask()) if (text) expect(spans(/./)).toEqual([]);
  expect(spans(/^generate/)).toMatchObject([{ attributes: { 'gen_ai.request.stream': true } }]);
  for await (const _ of await ask()) break;
  await guard.close();
  expect(spans(/^generate/)[1]).toMatchObject({
    status: { code: SpanStatusCode.UNSET },
    attributes: { 'error.type': 'cancelled' },
  });
  expect(spans(/^attempt/)).toHaveLength(2);
});

test('what turned a call away stands on its span, and no attempt was made', async () => {
  const guard = quickGuard({ tokenLimit: { maxInputTokens: 1 } });
  const ai = clientOf(guard, gemini.url);
  await ai.models.generateContent({ model: MODEL, contents: 'far too long for one token' }).catch(() => {});
  await guard.close();
  expect(exporter.getFinishedSpans()).toMatchObject([
    {
      attributes: { 'error.type': 'token_budget_exceeded' },
      events: [{ name: 'gemini_guard.prompt', attributes: { 'gemini_guard.limit': 1 } }],
    },
  ]);
});

test('a model that a visitor made up is no attribute of a metric, and a key in its place is nowhere', async () => {
  const guard = quickGuard({ retry: false });
  const ai = clientOf(guard, gemini.url);
  gemini.script(fault.modelNotFound());
  await ai.models.generateContent({ model: 'made-up', contents: 'a' }).catch(() => {});
  // Refused before it goes anywhere.
  await ai.models.generateContent({ model: CANARY_KEY, contents: 'a' }).catch(() => {});
  await guard.close();
  expect(spans(/^generate_content made-up$/)).toHaveLength(1);
  expect(JSON.stringify(spans(/./).map(({ attributes }) => attributes))).not.toContain(CANARY_KEY);
  expect((await measured())['gen_ai.client.operation.duration']).toMatchObject([
    { attributes: { 'gen_ai.request.model': 'other' } },
  ]);
});

test('calls of Vertex AI are told by its name', async () => {
  const guard = quickGuard();
  const region = `${gemini.url}/v1/projects/p/locations/europe-west4/publishers/google/models/${MODEL}:generateContent`;
  const init = {
    method: 'POST',
    headers: { authorization: 'Bearer t' },
    body: '{"contents":[{"parts":[{"text":"a"}]}]}',
  };
  await (await guard.fetch(region, init)).text();
  await guard.close();
  expect(spans(/^generate/)).toMatchObject([{ attributes: { 'gen_ai.provider.name': 'gcp.vertex_ai' } }]);
});

test('a span processor that throws is alone with it', async () => {
  trace.disable();
  const fails = (): never => {
    throw new Error('out of order');
  };
  const processor = { onStart: () => {}, onEnd: fails, forceFlush: async () => {}, shutdown: async () => {} };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  const guard = quickGuard();
  const ai = clientOf(guard, gemini.url);
  gemini.script([fault.overloaded(), answer('fine')]);
  expect((await ai.models.generateContent({ model: MODEL, contents: 'a' })).text).toBe('fine');
  await guard.close();
});
