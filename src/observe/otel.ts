import { load } from '../load.ts';

export type Attributes = Record<string, string | number | boolean | readonly string[]>;

/** What is used of @opentelemetry/api, in its own names: it is optional, so that no type of ours may need it. */
export interface OpenTelemetry {
  readonly trace: {
    getTracer(name: string, version?: string): Tracer;
    setSpan(context: unknown, span: Span): unknown;
    getSpan(context: unknown): Span | undefined;
  };
  readonly context: { active(): unknown; with<T>(context: unknown, run: () => T): T };
  readonly metrics: { getMeterProvider(): MeterProvider };
  readonly isSpanContextValid: (context: { traceId: string; spanId: string }) => boolean;
}

export interface Tracer {
  startSpan(name: string, options: { kind: number; attributes: Attributes }, context: unknown): Span;
}

export interface Span {
  isRecording(): boolean;
  spanContext(): { traceId: string; spanId: string };
  setAttributes(attributes: Attributes): unknown;
  addEvent(name: string, attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

export interface MeterProvider {
  getMeter(name: string, version?: string): Meter;
}

export interface Meter {
  createHistogram(name: string, options: object): { record(value: number, attributes: Attributes): void };
  createCounter(name: string, options: object): { add(value: number, attributes: Attributes): void };
}

export const CLIENT = 2;
export const ERROR = 2;

/** Where @opentelemetry/api 1 keeps what SDKs register, whatever number of its copies there is. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

let loaded: OpenTelemetry | undefined;
let isAbsent = false;

/** The API, once somebody has registered an SDK with it. Until then it is not even loaded. */
export function openTelemetry(): OpenTelemetry | undefined {
  if (loaded || isAbsent || (globalThis as Record<symbol, unknown>)[REGISTERED] === undefined) return loaded;
  try {
    loaded = load('@opentelemetry/api') as OpenTelemetry;
  } catch {
    isAbsent = true;
  }
  return loaded;
}

/** The trace that what runs now belongs to. */
export function activeTraceId(): string | undefined {
  const api = openTelemetry();
  const context = api?.trace.getSpan(api.context.active())?.spanContext();
  return context && api?.isSpanContextValid(context) ? context.traceId : undefined;
}
